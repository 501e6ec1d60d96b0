/* The library's bitcode as two symbols; the build passes its path. */
    .section .rodata
    .balign 16
    .globl halyardDevlibBegin
    .hidden halyardDevlibBegin
halyardDevlibBegin:
    .incbin HALYARD_DEVLIB_BITCODE
    .globl halyardDevlibEnd
    .hidden halyardDevlibEnd
halyardDevlibEnd:
    .byte 0
    .section .note.GNU-stack, "", %progbits
