"""What a front-end does with printed C++ before it compiles it: usage embed.py FILE.cpp NAME...

Drops headers, `using` and the line that the runtime writes itself, renames the entry macros by
pattern, finds the functions by pattern, and calls the named ones from an entry of its own. Writes
the result to standard output; says on standard error what it does not find.
"""
import re
import sys

DROPPED = re.compile(r'^\s*(#include\s*[<"].*(pto-inst|pto_comm_inst|cstdint|tensor\.h)|using namespace pto;|set_ffts_base_addr\()')
ENTRY = re.compile(r'(?:extern "C"\s+)?(?:__global__\s+)?AICORE\s+void\s+(?=\w+\()(?!.*\);)', re.M)
NAMED = re.compile(r"AICORE void (\w+)\(([^)]*)\)\s*\{")


def argument(parameter, slot):
    """Pointers first, then scalars, all handed over as 64-bit words."""
    kind = parameter.rsplit(" ", 1)[0]
    if kind.endswith("*"):
        return f"({kind})args[{slot}]"
    return f"*({kind}*)&args[{slot}]"


def main():
    text = open(sys.argv[1]).read()
    names = sys.argv[2:]
    found = {m.group(1): m.group(2) for m in NAMED.finditer(text)}
    for name in names:
        if name not in found:
            sys.exit(f"embed.py: no function {name}; found {sorted(found)}")
    body = "\n".join(line for line in text.split("\n") if not DROPPED.match(line))
    body = ENTRY.sub("static __aicore__ void ", body)
    body = re.sub(r"\bAICORE\b", "__aicore__", body)
    if re.search(r"^\s*#include|\busing namespace\b|\b__global__\b|set_ffts_base_addr", body, re.M):
        sys.exit("embed.py: something is left of what a wrapper brings itself")
    if re.search(r"\bTensor\b", body):
        sys.exit("embed.py: a name that the runtime's headers take")
    # The lane is a number of the wrapper: nothing else may ask the chip for it.
    if re.search(r"get_subblock(?!id\(|dim\()", body):
        sys.exit("embed.py: the lane is read by something else than get_subblockid()")
    print('#include "pto/pto-inst.hpp"\n#include "pto/comm/pto_comm_inst.hpp"\nusing namespace pto;')
    print("static int64_t lane = 0;\n#define get_subblockid() lane\n")
    print(body)
    print('extern "C" __aicore__ void kernel_entry(__gm__ int64_t* args) {')
    for name in names:
        parameters = [p.strip() for p in found[name].split(",") if p.strip()]
        print(f"  {name}({', '.join(argument(p, i) for i, p in enumerate(parameters))});")
    print("}")


main()
