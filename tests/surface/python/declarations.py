# SPDX-License-Identifier: GPL-2.0-only
"""A C program that compares what the module declares with the headers."""

import ctypes

from rbmap import _arrow, _lib

STRUCTS = {
    _lib.Log: "struct rbmap_log",
    _lib.Record: "struct rbmap_record",
    _lib.Layout: "struct rbmap_layout",
    _lib.Anchor: "struct rbmap_tracedat_anchor",
    _lib.Info: "struct rbmap_tracedat_info",
    _lib.Cpu: "struct rbmap_tracedat_cpu",
    _lib.Buffer: "struct rbmap_tracedat_buffer",
    _lib.Fault: "struct rbmap_tracedat_fault",
    _lib.ColumnsOptions: "struct rbmap_columns_options",
    _lib.EventsOptions: "struct rbmap_events_options",
    _lib.FollowOptions: "struct rbmap_follow_options",
    _lib.FollowRecord: "struct rbmap_follow_record",
    _lib.TraceSeq: "struct trace_seq",
    _lib.TepField: "struct tep_format_field",
    _lib.TepFormat: "struct tep_format",
    _lib.TepPrintFormat: "struct tep_print_fmt",
    _lib.TepEvent: "struct tep_event",
    _arrow.ArrowSchema: "struct ArrowSchema",
    _arrow.ArrowArray: "struct ArrowArray",
    _arrow.ArrowArrayStream: "struct ArrowArrayStream",
}
# Only their first members are declared.
BEGINNINGS = {_lib.TepEvent}

CONSTANTS = {
    "RBMAP_LOST_UNKNOWN": _lib.LOST_UNKNOWN,
    "RBMAP_LOG_WARNING": _lib.LOG_WARNING,
    "RBMAP_LOG_INFO": _lib.LOG_INFO,
    "RBMAP_LOG_DEBUG": _lib.LOG_DEBUG,
    "RBMAP_COLUMNS_COMMON": _lib.COLUMNS_COMMON,
    "RBMAP_COLUMNS_SYMBOLS": _lib.COLUMNS_SYMBOLS,
    "RBMAP_COLUMNS_REALTIME": _lib.COLUMNS_REALTIME,
    "RBMAP_COLUMNS_UNORDERED": _lib.COLUMNS_UNORDERED,
    "RBMAP_COLUMNS_DAMAGED": _lib.COLUMNS_DAMAGED,
    "RBMAP_TRACEDAT_REALTIME": _lib.TIME_CLOCKS["realtime"],
    "RBMAP_TRACEDAT_MONOTONIC": _lib.TIME_CLOCKS["monotonic"],
    "RBMAP_ENGINE_AUTO": _lib.ENGINES["auto"],
    "RBMAP_ENGINE_MAPPED": _lib.ENGINES["mapped"],
    "RBMAP_ENGINE_READ": _lib.ENGINES["read"],
    "RBMAP_ENGINE_OBSERVE": _lib.ENGINES["observe"],
    "TEP_FIELD_IS_ARRAY": _lib.TEP_ARRAY,
    "TEP_FIELD_IS_SIGNED": _lib.TEP_SIGNED,
    "TEP_FIELD_IS_DYNAMIC": _lib.TEP_DYNAMIC,
    "TEP_FIELD_IS_RELATIVE": _lib.TEP_RELATIVE,
}

NUMBERS = {
    ctypes.c_bool: "bool",
    ctypes.c_int: "int",
    ctypes.c_uint: "unsigned int",
    ctypes.c_size_t: "size_t",
    ctypes.c_uint64: "uint64_t",
    ctypes.c_int64: "int64_t",
}


def c_type(declared):
    """Pointers as void *, which C converts to any other."""
    if declared is None:
        return "void"
    return NUMBERS.get(declared, "void *")


def struct_lines(struct, name):
    if struct not in BEGINNINGS:
        yield f"check(sizeof({name}), {ctypes.sizeof(struct)}, \"{name}\");"
    for member, _ in struct._fields_:
        place = getattr(struct, member)
        text = f"{name}.{member}"
        yield f'check(offsetof({name}, {member}), {place.offset}, "{text}");'
        yield f'check(sizeof((({name} *)0)->{member}), {place.size}, "the size of {text}");'


def function_lines(name, result, arguments):
    types = [c_type(argument) for argument in arguments]
    values = ", ".join(f"a{i}" for i in range(len(types)))
    yield f"void call_{name}({', '.join(f'{t} a{i}' for i, t in enumerate(types)) or 'void'});"
    yield f"void call_{name}({', '.join(f'{t} a{i}' for i, t in enumerate(types)) or 'void'})"
    yield "{"
    if result is None:
        yield f"\t{name}({values});"
    else:
        const = "const " if c_type(result) == "void *" else ""
        yield f"\t{const}{c_type(result)} result = {name}({values});\n\t(void)result;"
    yield "}"


def main():
    print("#include <stddef.h>\n#include <stdio.h>\n#include <rbmap/rbmap.h>")
    print("#include <traceevent/event-parse.h>\n#include <traceevent/trace-seq.h>")
    print("static int bad;\nstatic void check(unsigned long long is, unsigned long long")
    print("\tdeclared, const char *what)\n{\n\tif (is != declared)")
    print('\t\tbad = printf("%s: %llu, declared as %llu\\n", what, is, declared) > 0;\n}')
    for functions in _lib.FUNCTIONS, _lib.TRACEEVENT_FUNCTIONS:
        for name, (result, arguments) in functions.items():
            print(*function_lines(name, result, arguments), sep="\n")
    print("int main(void)\n{")
    for struct, name in STRUCTS.items():
        print(*struct_lines(struct, name), sep="\n")
    for name, value in CONSTANTS.items():
        print(f'check((unsigned long long){name}, {value}ULL, "{name}");')
    print("return bad;\n}")


main()
