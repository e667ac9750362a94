"""Random mixed kernels: one function, sections for the cube core and the two vector cores, memory apart."""

import cube
from cube import CubeBuilder
from program import Function, Program, Section
from vector import Tensor, VectorBuilder, own_part


def generate(rng, seed):
    program = Program(seed, "mixed", level="level3" if rng.random() < 0.5 else "level2", exact=False)
    first = CubeBuilder(program, rng)
    parameters = cube.arguments(program, first)
    element = rng.choice(["f32", "f16", "i32"])
    for name in ("x", "y"):
        program.arrays[name] = (element, 2 * 1024)
        parameters.append((name, f"!pto.ptr<{element}>"))
    if rng.random() < 0.3:
        first.pipe_helper()
    first.run_time_arguments()
    parameters += [(name, "index") for name in program.scalars]
    second = VectorBuilder(program, rng)
    second.counter, second.indices = first.counter + 1000, list(first.indices)
    second.shapes = []
    second.choose_shapes([element])
    second.constants, second.prelude = first.constants, first.prelude
    second.tensors = [Tensor("x", element, 32, 32), Tensor("y", element, 32, 32)]
    if rng.random() < 0.4:
        constants, prelude, out = second.constants, second.prelude, second.out
        second.pipe_helper()
        second.constants, second.prelude, second.out = constants, prelude, out

    def vector_part():
        second.tensors = [Tensor(own_part(second, name, element, 1024, "get_subblock_idx"), element, 32, 32) for name in ("x", "y")]
        second.statements(rng.randint(2, 6), 2)
        second.store()

    def cube_part():
        first.statements(rng.randint(1, 4), 2)
        first.store()

    parts = [("cube", first, cube_part), ("vector", second, vector_part)]
    rng.shuffle(parts)
    body = []
    for kind, builder, make in parts:
        body.append(Section(kind, builder.nested(make)))
    if rng.random() < 0.3:  # another one of a kind that came before
        kind, builder, make = parts[0]
        body.append(Section(kind, builder.nested(make)))
    program.functions.append(Function("kernel", parameters, first.prelude + body, None, private=False))
    return program
