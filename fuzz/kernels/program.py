"""Programs of the random-kernel test: statements that know their text and their meaning.

A statement prints itself as .pto text and executes itself, in program order, on a Machine: byte arrays for global and
on-chip memory and nothing else. The meaning is written from the operation pages, in NumPy, and shares no code with the
simulator. Index values carry the interval of numbers that they can take, so that the generator keeps accesses inside.
"""

import dataclasses
import numpy as np

TYPES = {
    "f32": np.float32, "f16": np.float16, "i32": np.int32, "i16": np.int16, "ui8": np.uint8, "i64": np.int64,
}


def size_of(element):
    return np.dtype(TYPES[element]).itemsize


@dataclasses.dataclass(frozen=True)
class Index:
    """An index value of the program: its name and the interval of its numbers."""

    name: str
    low: int
    high: int


@dataclasses.dataclass(frozen=True)
class TileType:
    space: str
    rows: int
    cols: int
    element: str
    layout: str = ""  # as printed, with its leading comma
    valid: tuple = None

    @property
    def shape(self):
        return self.valid or (self.rows, self.cols)

    @property
    def text(self):
        valid = "" if not self.valid else f", valid={self.valid[0]}x{self.valid[1]}"
        return f"!pto.tile_buf<{self.space}, {self.rows}x{self.cols}x{self.element}{valid}{self.layout}>"

    @property
    def bytes(self):
        return self.rows * self.cols * size_of(self.element)

    @property
    def by_columns(self):
        return self.space == "vec" and "blayout=col_major" in self.layout


@dataclasses.dataclass(eq=False)
class Tile:
    name: str
    type: TileType
    address: int = None


class Uninitialised(Exception):
    pass


class TileData:
    """The bytes of one tile at run time."""

    def __init__(self, memory, known, offset, kind):
        self.memory, self.known, self.offset, self.kind = memory, known, offset, kind

    def _grid(self, array):
        kind = self.kind
        bytes_ = size_of(kind.element)
        flat = array[self.offset : self.offset + kind.bytes]
        if kind.by_columns:
            return flat.reshape(kind.cols, kind.rows, bytes_).transpose(1, 0, 2)
        return flat.reshape(kind.rows, kind.cols, bytes_)

    def read(self, rows=None, cols=None, at=(0, 0)):
        shape = self.kind.shape
        rows, cols = shape[0] if rows is None else rows, shape[1] if cols is None else cols
        window = (slice(at[0], at[0] + rows), slice(at[1], at[1] + cols))
        if not self._grid(self.known)[window].all():
            raise Uninitialised(self.kind.text)
        raw = np.ascontiguousarray(self._grid(self.memory)[window])
        return raw.view(TYPES[self.kind.element])[:, :, 0]

    def write(self, values):
        rows, cols = values.shape
        raw = np.ascontiguousarray(values.astype(TYPES[self.kind.element], copy=False))
        self._grid(self.memory)[:rows, :cols] = raw[:, :, None].view(np.uint8).reshape(rows, cols, -1)
        self._grid(self.known)[:rows, :cols] = True

    def forget(self):
        self._grid(self.known)[:] = False


@dataclasses.dataclass
class Pointer:
    """A place in an array of a rank."""

    array: object  # np.uint8, flat
    offset: int  # bytes


@dataclasses.dataclass
class ViewData:
    pointer: Pointer
    element: str
    shape: tuple
    strides: tuple
    layout: str = "nd"

    def places(self):
        """Byte offsets of the elements, in the order of the matrix that tiles see."""
        where = np.zeros(self.shape, np.int64)
        for axis, (extent, stride) in enumerate(zip(self.shape, self.strides)):
            shape = [1] * len(self.shape)
            shape[axis] = extent
            where = where + (np.arange(extent) * stride).reshape(shape)
        if self.layout == "nd":
            where = where.reshape(-1, self.shape[-1])
        else:  # dn: columns run over all but the last but one dimension
            where = np.moveaxis(where, -2, 0).reshape(self.shape[-2], -1)
        return self.pointer.offset + where * size_of(self.element)

    def read(self):
        where, n = self.places(), size_of(self.element)
        assert where.min() >= 0 and where.max() + n <= len(self.pointer.array), "generator left an array"
        raw = self.pointer.array[where[:, :, None] + np.arange(n)]
        return np.ascontiguousarray(raw).view(TYPES[self.element])[:, :, 0]

    def write(self, values):
        where, n = self.places(), size_of(self.element)
        assert where.min() >= 0 and where.max() + n <= len(self.pointer.array), "generator left an array"
        raw = np.ascontiguousarray(values.astype(TYPES[self.element], copy=False))
        self.pointer.array[where[:, :, None] + np.arange(n)] = raw[:, :, None].view(np.uint8).reshape(*where.shape, n)


class Machine:
    """One core of one rank. `peers` are the machines of all ranks; windows reach their arrays."""

    def __init__(self, program, arrays, scalars, block=0, subblock=0, rank=0):
        self.program, self.arrays = program, arrays
        self.block, self.subblock, self.rank = block, subblock, rank
        self.peers = [self]
        self.names = {name: Pointer(array, 0) for name, array in arrays.items()}
        self.names.update(scalars)
        self.memory, self.known = {}, {}

    def space(self, name):
        if name not in self.memory:
            self.memory[name] = np.zeros(1 << 20, np.uint8)
            self.known[name] = np.zeros(1 << 20, bool)
        return self.memory[name], self.known[name]

    def __getitem__(self, value):
        if isinstance(value, (int, float)):
            return value
        return self.names[value if isinstance(value, str) else value.name]

    def __setitem__(self, name, value):
        self.names[name] = value


class Statement:
    """`text` and `run`; `run` is a generator that yields while it waits for another rank."""

    def __init__(self, text, action=None, body=(), tags=()):
        self.text, self.action, self.bodies, self.tags = text, action, list(body), set(tags)

    def lines(self, indent):
        yield "  " * indent + self.text

    def run(self, machine):
        if self.action:
            self.action(machine)
        return
        yield


class For(Statement):
    def __init__(self, name, low, high, step, body, kind="index"):
        self.name, self.low, self.high, self.step, self.body, self.tags = name, low, high, step, body, {"region"}
        self.kind = "" if kind == "index" else f" : {kind}"

    def lines(self, indent):
        pad = "  " * indent
        yield f"{pad}scf.for %{self.name} = %{self.low} to %{self.high} step %{self.step}{self.kind} {{"
        for statement in self.body:
            yield from statement.lines(indent + 1)
        yield pad + "}"

    def run(self, machine):
        for counter in range(machine[self.low], machine[self.high], machine[self.step]):
            machine[self.name] = counter
            for statement in self.body:
                yield from statement.run(machine)


class While(Statement):
    """Counts `name` from 0 while it is below `high`: `before` runs once more than `after`."""

    def __init__(self, name, high, before, after):
        self.name, self.high, self.before, self.after, self.tags = name, high, before, after, {"region"}

    def lines(self, indent):
        pad, name = "  " * indent, self.name
        yield f"{pad}%{name}_start = arith.constant 0 : index"
        yield f"{pad}%{name}_one = arith.constant 1 : index"
        yield f"{pad}%{name}_end = scf.while (%{name}_now = %{name}_start) : (index) -> index {{"
        for statement in self.before:
            yield from statement.lines(indent + 1)
        yield f"{pad}  %{name}_more = arith.cmpi slt, %{name}_now, %{self.high} : index"
        yield f"{pad}  scf.condition(%{name}_more) %{name}_now : index"
        yield f"{pad}}} do {{"
        yield f"{pad}^bb0(%{name}: index):"
        for statement in self.after:
            yield from statement.lines(indent + 1)
        yield f"{pad}  %{name}_next = arith.addi %{name}, %{name}_one : index"
        yield f"{pad}  scf.yield %{name}_next : index"
        yield pad + "}"

    def run(self, machine):
        counter = 0
        while True:
            for statement in self.before:
                yield from statement.run(machine)
            if counter >= machine[self.high]:
                return
            machine[self.name] = counter
            for statement in self.after:
                yield from statement.run(machine)
            counter += 1


class If(Statement):
    def __init__(self, condition, then, otherwise):
        self.condition, self.then, self.otherwise, self.tags = condition, then, otherwise, {"region"}

    def lines(self, indent):
        pad = "  " * indent
        yield f"{pad}scf.if %{self.condition} {{"
        for statement in self.then:
            yield from statement.lines(indent + 1)
        if self.otherwise:
            yield pad + "} else {"
            for statement in self.otherwise:
                yield from statement.lines(indent + 1)
        yield pad + "}"

    def run(self, machine):
        for statement in self.then if machine[self.condition] else self.otherwise:
            yield from statement.run(machine)


class Section(Statement):
    def __init__(self, kind, body):
        self.kind, self.body, self.tags = kind, body, {"region"}

    def lines(self, indent):
        pad = "  " * indent
        yield f"{pad}pto.section.{self.kind} {{"
        for statement in self.body:
            yield from statement.lines(indent + 1)
        yield pad + "}"

    def run(self, machine):
        if self.kind == machine.kind:
            for statement in self.body:
                yield from statement.run(machine)


class Call(Statement):
    def __init__(self, function, arguments, result=None):
        self.function, self.arguments, self.result, self.tags = function, arguments, result, {"call"}

    def lines(self, indent):
        f = self.function
        types = ", ".join(kind for _, kind in f.parameters)
        result = f"%{self.result} = " if self.result else ""
        returns = "index" if f.returned else "()"
        yield "  " * indent + f"{result}func.call @{f.name}({', '.join('%' + a for a in self.arguments)}) : ({types}) -> {returns}"

    def run(self, machine):
        outer = machine.names
        machine.names = {name: outer[value] for (name, _), value in zip(self.function.parameters, self.arguments)}
        for statement in self.function.body:
            yield from statement.run(machine)
        returned = machine.names[self.function.returned] if self.function.returned else None
        machine.names = outer
        if self.result:
            machine[self.result] = returned


@dataclasses.dataclass
class Function:
    name: str
    parameters: list  # (name, type text)
    body: list
    kind: str = None  # vector, cube; none: sections say it
    private: bool = True
    returned: str = None

    def lines(self):
        parameters = ", ".join(f"%{name}: {kind}" for name, kind in self.parameters)
        attributes = "" if not self.kind else f" attributes {{pto.kernel_kind = #pto.kernel_kind<{self.kind}>}}"
        returns = " -> index" if self.returned else ""
        yield f"  func.func {'private ' if self.private else ''}@{self.name}({parameters}){returns}{attributes} {{"
        for statement in self.body:
            yield from statement.lines(2)
        yield f"    return %{self.returned} : index" if self.returned else "    return"
        yield "  }"


@dataclasses.dataclass
class Program:
    seed: int
    kind: str
    arch: str = "a3"
    level: str = "level2"
    functions: list = dataclasses.field(default_factory=list)
    arrays: dict = dataclasses.field(default_factory=dict)  # name -> (element, count): files of the host
    windows: dict = dataclasses.field(default_factory=dict)  # name -> (offset, element, count)
    scalars: dict = dataclasses.field(default_factory=dict)  # name -> (type, [values of the two runs])
    blocks: int = 1
    ranks: int = 1
    exact: bool = True  # results agree bit by bit; else to rounding

    @property
    def kernel(self):
        return self.functions[-1]

    @property
    def text(self):
        lines = [f'module attributes {{pto.target_arch = "{self.arch}"}} {{']
        for function in self.functions:
            lines.extend(function.lines())
        return "\n".join(lines + ["}"]) + "\n"

    def inputs(self):
        """The arrays of every rank before the run, by the seed of the program."""
        ranks = []
        for rank in range(self.ranks):
            source = np.random.default_rng([self.seed, rank])
            arrays = {}
            for name, (element, count) in self.arrays.items():
                if name == "counts":  # of shifts: what C++ defines
                    values = source.integers(0, 5, count).astype(TYPES[element])
                elif element in ("f32", "f16"):
                    low = -1 if self.kind in ("cube", "mixed") else -9
                    values = source.integers(low, -low + 1, count).astype(TYPES[element])
                else:
                    values = source.integers(-40, 40, count).astype(TYPES[element])
                arrays[name] = values
            ranks.append(arrays)
        return ranks

    def expected(self, inputs, run):
        """The arrays of every rank after the kernel: program order, one core after the other."""
        scalars = {name: values[run] for name, (_, values) in self.scalars.items()}
        machines, tasks, result = [], [], []
        for rank in range(self.ranks):
            arrays = {name: values.copy().view(np.uint8) for name, values in inputs[rank].items()}
            arrays.update((name, np.zeros(count * size_of(element), np.uint8))
                          for name, (_, element, count) in self.windows.items())
            result.append(arrays)
        cores = {"cube": [("cube", 0)], "mixed": [("cube", 0), ("vector", 0), ("vector", 1)]}
        for rank in range(self.ranks):
            for block in range(self.blocks):
                for kind, subblock in cores.get(self.kind, [("vector", 0)]):
                    special = {"peer": 1 - rank, "ctx": None} if self.ranks > 1 else {}
                    machine = Machine(self, result[rank], {**scalars, **special}, block, subblock, rank)
                    machine.kind = kind
                    machines.append(machine)
                    tasks.append(self.body_of(machine))
        for machine in machines:
            machine.peers = machines
        for _ in range(1000):  # a task yields while its rank waits for a signal
            tasks = [task for task in tasks if next(task, None)]
        assert not tasks, "the program waits for ever"
        return [{name: array.view(TYPES[self.element(name)]) for name, array in arrays.items()} for arrays in result]

    def body_of(self, machine):
        for statement in self.kernel.body:
            yield from statement.run(machine)

    def element(self, name):
        return self.arrays[name][0] if name in self.arrays else self.windows[name][1]
