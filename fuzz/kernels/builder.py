"""What all generators of random kernels share: names, index arithmetic, control flow, helper functions."""

from program import Call, For, Function, If, Index, Statement, TYPES, While, size_of
import numpy as np


class Builder:
    def __init__(self, program, rng):
        self.program, self.rng = program, rng
        self.counter = 0
        self.open_function()

    # -- scopes --------------------------------------------------------------------------------------------------

    def open_function(self):
        """Starts an empty body; close_function() puts the constants in front of it."""
        self.constants, self.prelude, self.out = {}, [], []
        self.indices, self.filled, self.depth = [], set(), 0

    def close_function(self):
        return self.prelude + self.out

    def nested(self, make, extra=()):
        """Statements that `make` emits inside a region: what they define is unknown after it."""
        outer = self.out, list(self.indices), set(self.filled)
        tiles = {key: list(tiles) for key, tiles in getattr(self, "tiles", {}).items()}
        self.out, self.depth = [], self.depth + 1
        self.indices += extra
        make()
        body = self.out
        self.out, self.indices, self.filled = outer
        self.depth -= 1
        if hasattr(self, "tiles"):
            self.tiles = tiles
        return body

    def fresh(self, stem):
        self.counter += 1
        return f"{stem}{self.counter}"

    def emit(self, text, action=None, tags=()):
        self.out.append(Statement(text, action, tags=tags))

    # -- numbers -------------------------------------------------------------------------------------------------

    def constant(self, value, kind="index"):
        name = f"c{value}".replace("-", "m") + ("" if kind == "index" else f"_{kind}")
        if name not in self.constants:
            self.constants[name] = Index(name, value, value)
            literal = f"{value}.0" if kind in ("f32", "f16") else str(value)
            self.prelude.append(Statement(f"%{name} = arith.constant {literal} : {kind}",
                                          lambda m: m.__setitem__(name, value)))
        return self.constants[name]

    def multiply(self, index, factor):
        if factor == 1:
            return index
        name, by = self.fresh("m"), self.constant(factor)
        operands = [index.name, by.name]
        if self.rng.random() < 0.3:
            operands.reverse()
        self.emit(f"%{name} = arith.muli %{operands[0]}, %{operands[1]} : index",
                  lambda m: m.__setitem__(name, m[index] * factor))
        return Index(name, index.low * factor, index.high * factor)

    def add(self, index, constant):
        if constant == 0 and self.rng.random() < 0.7:
            return index
        name = self.fresh("s")
        if constant < 0 or self.rng.random() < 0.15:
            by = self.constant(-constant)
            self.emit(f"%{name} = arith.subi %{index.name}, %{by.name} : index",
                      lambda m: m.__setitem__(name, m[index] + constant))
        else:
            by = self.constant(constant)
            self.emit(f"%{name} = arith.addi %{index.name}, %{by.name} : index",
                      lambda m: m.__setitem__(name, m[index] + constant))
        return Index(name, index.low + constant, index.high + constant)

    def sum(self, a, b):
        name = self.fresh("s")
        self.emit(f"%{name} = arith.addi %{a.name}, %{b.name} : index", lambda m: m.__setitem__(name, m[a] + m[b]))
        return Index(name, a.low + b.low, a.high + b.high)

    def affine(self, most, step=1):
        """An index in 0 .. most, a multiple of `step`: a constant or affine in what the scope knows."""
        units = most // step
        usable = [i for i in self.indices if i.high - i.low <= units]
        if not usable or units == 0 or self.rng.random() < 0.25:
            return self.constant(step * self.rng.randint(0, units))
        index = self.rng.choice(usable if self.rng.random() < 0.3 else usable[-2:])
        width = index.high - index.low
        factor = self.rng.randint(1, max(1, units // max(width, 1)))
        if self.rng.random() < 0.5:
            factor = max(1, units // max(width, 1))
        if width * factor > units:
            factor = 1
        free = units - width * factor
        value = self.add(self.multiply(index, factor * step),
                         step * (self.rng.choice([0, free, self.rng.randint(0, free)]) - index.low * factor))
        others = [i for i in self.indices if i.low >= 0 and value.high + i.high * step <= most and i.high > 0]
        if others and self.rng.random() < 0.4:
            value = self.sum(value, self.multiply(self.rng.choice(others), step))
        return value

    # -- control flow --------------------------------------------------------------------------------------------

    def loop(self, make, trips=None):
        """scf.for with known or run-time bounds; lower bounds and steps other than 0 and 1."""
        rng = self.rng
        counter = self.fresh("i")
        step = rng.choice([1, 1, 1, 2, 3])
        low = self.constant(rng.choice([0, 0, 0, 1, 4]))
        run_time = [i for i in self.indices if 0 <= i.low and i.high <= 4]
        if trips is not None:
            high = self.constant(low.low + trips * step)
        elif run_time and rng.random() < 0.45:
            high = rng.choice(run_time)
            if rng.random() < 0.5:
                high = self.add(self.multiply(high, step), low.low)
        else:
            high = self.constant(low.low + rng.choice([0, 1, 2, 3, 4, 5]) * step - (rng.random() < 0.3 and step > 1))
        if trips is None and rng.random() < 0.15 and run_time:
            low = rng.choice(run_time)
        increment = self.constant(step)
        top = max(low.low, high.high - 1)
        index = Index(counter, low.low, top)
        if rng.random() < 0.85:
            body = self.nested(make, [index])
            self.out.append(For(counter, low.name, high.name, increment.name, body))
            return
        # Bounds of another type than index.
        bounds = []
        for bound in (low, high, increment):
            if bound in self.constants.values():
                bounds.append(self.constant(bound.low, "i32").name)
            else:
                bounds.append(self.cast(bound.name, "index", "i32"))

        def with_index():
            self.indices.append(Index(self.cast(counter, "i32", "index"), index.low, index.high))
            make()

        self.out.append(For(counter, *bounds, self.nested(with_index), "i32"))

    def while_loop(self, make):
        """scf.while, with statements in the region of its condition or without."""
        run_time = [i for i in self.indices if 0 <= i.low and i.high <= 4]
        high = self.rng.choice(run_time) if run_time and self.rng.random() < 0.5 else self.constant(self.rng.randint(0, 3))
        counter = self.fresh("j")
        before = self.nested(make) if self.rng.random() < 0.5 else []
        after = self.nested(make, [Index(counter, 0, max(0, high.high - 1))])
        self.out.append(While(counter, high.name, before, after))

    def take_turns(self, make):
        """Two arms by the parity of a counter, as ping and pong."""
        two, value = self.constant(2), self.constant(self.rng.randint(0, 1))
        counter, rest, name = self.indices[-1], self.fresh("r"), self.fresh("b")
        self.emit(f"%{rest} = arith.remui %{counter.name}, %{two.name} : index", lambda m: m.__setitem__(rest, m[counter] % 2))
        relation, wanted = self.rng.choice([("eq", True), ("ne", False)])
        self.emit(f"%{name} = arith.cmpi {relation}, %{rest}, %{value.name} : index",
                  lambda m: m.__setitem__(name, (m[rest] == value.low) == wanted))
        then = self.nested(make)
        self.out.append(If(name, then, self.nested(make)))

    def cast(self, value, source, target):
        name = self.fresh("x")
        self.emit(f"%{name} = arith.index_cast %{value} : {source} to {target}", lambda m: m.__setitem__(name, m[value]))
        return name

    def condition(self):
        name = self.fresh("b")
        relation, function = self.rng.choice([("eq", lambda a, b: a == b), ("slt", lambda a, b: a < b),
                                              ("sge", lambda a, b: a >= b), ("ne", lambda a, b: a != b)])
        if self.indices:
            left = self.rng.choice(self.indices)
        else:
            left = self.constant(self.rng.randint(0, 2))
        right = self.constant(self.rng.randint(max(0, left.low), max(0, left.high)))
        self.emit(f"%{name} = arith.cmpi {relation}, %{left.name}, %{right.name} : index",
                  lambda m: m.__setitem__(name, function(m[left], m[right])))
        return name

    def branch(self, make, otherwise=None):
        condition = self.condition()
        then = self.nested(make)
        self.out.append(If(condition, then, self.nested(otherwise) if otherwise else []))

    # -- scalar accesses -----------------------------------------------------------------------------------------

    def place(self, most):
        return self.affine(most)

    def load_scalar(self, pointer, element, count):
        """Loads an element; integers become an index in 0 .. 3 as well."""
        where, name = self.place(count - 1), self.fresh("v")
        bytes_ = size_of(element)

        def action(m):
            at = m[pointer].offset + m[where] * bytes_
            m[name] = m[pointer].array[at : at + bytes_].view(TYPES[element])[0]

        self.emit(f"%{name} = pto.load_scalar %{pointer}[%{where.name}] : !pto.ptr<{element}> -> {element}", action)
        if element == "i32" and self.rng.random() < 0.8:
            mask, masked = self.constant(3, "i32"), self.fresh("k")
            self.emit(f"%{masked} = arith.andi %{name}, %{mask.name} : i32", lambda m: m.__setitem__(masked, int(m[name]) & 3))
            self.indices.append(Index(self.cast(masked, "i32", "index"), 0, 3))
        return name

    def store_scalar(self, pointer, element, count, value=None):
        where = self.place(count - 1)
        value = value or self.constant(self.rng.randint(0, 9), element).name
        bytes_ = size_of(element)

        def action(m):
            at = m[pointer].offset + m[where] * bytes_
            m[pointer].array[at : at + bytes_] = np.array([m[value]], TYPES[element]).view(np.uint8)

        self.emit(f"pto.store_scalar %{value}, %{pointer}[%{where.name}] : !pto.ptr<{element}>, {element}", action)

    def add_pointer(self, pointer, element, index, stem="p"):
        name, bytes_ = self.fresh(stem), size_of(element)

        def action(m):
            base = m[pointer]
            m[name] = type(base)(base.array, base.offset + m[index] * bytes_)

        self.emit(f"%{name} = pto.addptr %{pointer}, %{index.name} : !pto.ptr<{element}> -> !pto.ptr<{element}>", action)
        return name

    # -- functions -----------------------------------------------------------------------------------------------

    def index_helper(self):
        """A helper without pipe work: 2 a + 1, or so."""
        saved = self.prelude, self.out, self.constants, self.indices
        self.constants, self.prelude, self.out = {}, [], []
        self.indices = [Index("a", 0, 3)]
        result = self.add(self.multiply(self.indices[0], self.rng.randint(1, 2)), self.rng.randint(0, 2))
        function = Function(self.fresh("compute"), [("a", "index")], self.prelude + self.out, self.core_kind(),
                            returned=result.name)
        self.prelude, self.out, self.constants, self.indices = saved
        self.program.functions.append(function)
        return function, result

    def call_index_helper(self, helper):
        function, result = helper
        usable = [i for i in self.indices if 0 <= i.low and i.high <= 3]
        argument = self.rng.choice(usable) if usable else self.constant(self.rng.randint(0, 3))
        name = self.fresh("h")
        self.out.append(Call(function, [argument.name], name))
        self.indices.append(Index(name, 0, result.high))

    def core_kind(self):
        return None if self.program.kind == "mixed" else "cube" if self.program.kind == "cube" else "vector"

    def run_time_arguments(self):
        """Numbers that the text does not know; the two runs of a program use different ones."""
        for _ in range(self.rng.randint(0, 2)):
            name = self.fresh("n")
            values = [self.rng.randint(0, 3), self.rng.randint(0, 3)]
            self.program.scalars[name] = ("index", values)
            self.indices.append(Index(name, min(values), max(values)))


def hand_written_flags(rng, statements, pairs, ids):
    """A correct flag around some statements of one list: set after one, wait before a later one."""
    free = [(p, q, e) for p, q in pairs for e in ids]
    rng.shuffle(free)
    for key in free[: rng.randint(1, 2)]:
        if len(statements) < 3:
            return
        first = rng.randint(1, len(statements) - 1)
        second = rng.randint(first, len(statements) - 1)
        text = f"[<PIPE_{key[0]}>, <PIPE_{key[1]}>, <EVENT_ID{key[2]}>]"
        statements.insert(second, Statement(f"pto.wait_flag{text}"))
        statements.insert(first, Statement(f"pto.set_flag{text}"))
