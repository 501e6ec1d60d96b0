#!/usr/bin/env python3
"""Prints what an XML parser finds in a JUnit report, as JSON: of each element its tag, attributes, text and children.

    junit_facts.py REPORT.xml

Ends with 1, and the parser's words, when that is no XML.
"""
import json
import sys
import xml.etree.ElementTree as tree


def facts(element):
    return {
        "tag": element.tag,
        "attributes": dict(element.attrib),
        "text": element.text or "",
        "children": [facts(child) for child in element],
    }


try:
    json.dump(facts(tree.parse(sys.argv[1]).getroot()), sys.stdout)
except tree.ParseError as error:
    sys.exit(f"{sys.argv[1]}: {error}")
