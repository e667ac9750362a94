"""Random conversations of a cube core with its two vector cores, some of them damaged so that they never end.

Both cores follow one list of exchanges over pipes (every form, slots of any depth, a lead of any length), over flags of the program
and over SYNCALL, in straight lines, loops and branches whose counts are numbers or parameters; then one side may be damaged. Two
judges that share nothing look at it: ptoas, which runs the protocol, and pto-sim, which runs the kernel.

  ends     what ptoas accepts without a warning ends in the simulator, flags at 0, under every schedule and other parameters
  hangs    what ptoas refuses as a hang, hangs in the simulator for the numbers that ptoas names, in a cycle where ptoas says so, and
           on a3 the places that ptoas names are those where cores stand
  balance  what ptoas refuses because a flag stays up, leaves it up, or hangs on it
"""

import dataclasses
import re

from judge import Broken

ACC = "!pto.tile_buf<acc, 16x16xf32, blayout=col_major, slayout=row_major, fractal=1024>"
MAT = "!pto.tile_buf<mat, 16x16xf16, blayout=col_major, slayout=row_major>"
RIGHT = "!pto.tile_buf<right, 16x16xf16, blayout=row_major, slayout=col_major>"
COUNTS = [0, 1, 2, 3, 4, 5, 7, 8, 9, 12, 16, 17, 20, 30]


@dataclasses.dataclass
class Channel:
    kind: str  # "pipe", "flag" (to the other kind of core), "meet" (SYNCALL)
    number: int
    down: bool = True
    slots: int = 8
    form: str = "tile"  # of a pipe: or "entry"

    @property
    def sender(self):
        return "cube" if self.down else "vector"


@dataclasses.dataclass
class Act:
    """One side of an exchange."""
    channel: Channel
    sends: bool
    computes: bool = False  # with what was received last: then the hardware pipes of the core wait for one another
    frees: bool = True


@dataclasses.dataclass
class Loop:
    first: str
    end: str
    body: list


@dataclasses.dataclass
class Branch:
    test: str  # "i == K", "i < K", "sub == 0"
    body: list


class Hang:
    def __init__(self, rng, seed):
        self.rng, self.seed = rng, seed
        self.arch = rng.choice(["a3", "a5"])
        self.split = 0 if rng.random() < 0.2 else 1
        self.pair = rng.random() < 0.6
        self.channels = self.choose_channels()
        self.sides = {"cube": [], "vector": []}
        for _ in range(rng.choice([1, 1, 2, 2, 3])):
            rng.choice([self.straight, self.loop, self.loop, self.lead, self.lead])()
        self.damages = [self.damage() for _ in range(rng.choice([0, 0, 1, 1, 2]))]
        self.text = self.write()

    # -- conversations -------------------------------------------------------------------------------------------

    def choose_channels(self):
        rng, channels = self.rng, []
        for number in range(rng.choice([1, 2, 2, 3])):
            form = rng.choice(["tile", "tile", "entry"])
            channels.append(Channel("pipe", number, number % 2 == 0 if number < 2 else rng.random() < 0.5,
                                    rng.choice([1, 2, 2, 3, 4, 6, 8, 14]), form))
        for number in range(rng.choice([0, 0, 1, 2])):
            channels.append(Channel("flag", 9 - number, rng.random() < 0.5))
        if rng.random() < 0.1:
            channels.append(Channel("meet", 0))
        return channels

    def exchanges(self, least=1, most=4):
        return [self.rng.choice(self.channels) for _ in range(self.rng.randint(least, most))]

    def act(self, channel, core):
        sends = channel.kind == "meet" or channel.sender == core
        return Act(channel, sends, self.rng.random() < 0.5)

    def add(self, make):
        for core, items in self.sides.items():
            items += make(core)

    def count(self):
        return self.rng.choice(["n", "n", "m", str(self.rng.choice(COUNTS[:10]))])

    def straight(self):
        talk = self.exchanges()
        self.add(lambda core: [self.act(channel, core) for channel in talk])

    def loop(self):
        talk, end = self.exchanges(), self.count()
        self.add(lambda core: [Loop("0", end, [self.act(channel, core) for channel in talk])])

    def lead(self):
        """The cube is some rounds ahead with what it sends of its own accord."""
        ahead = [c for c in self.exchanges(1, 2) if c.kind != "meet" and c.down]
        behind = [c for c in self.exchanges(1, 2) if c.kind != "meet" and not c.down]
        end, by = self.count(), self.rng.randint(0, 10)
        lead = f"min({end}, {by})"

        def make(core):
            early, late = [self.act(c, core) for c in ahead], [self.act(c, core) for c in behind]
            if core == "vector":
                return [Loop("0", end, early + late)]
            return [Loop("0", lead, early), Loop(lead, end, early + late), Loop("0", lead, late)]

        self.add(make)

    # -- damage --------------------------------------------------------------------------------------------------

    def lists(self, items):
        yield items
        for item in items:
            if not isinstance(item, Act):
                yield from self.lists(item.body)

    def damage(self):
        rng = self.rng
        items = rng.choice([found for side in self.sides.values() for found in self.lists(side) if found] or [[]])
        if not items:
            return
        at = rng.randrange(len(items))
        loops = [item for item in items if isinstance(item, Loop)]
        what = rng.choice(["swap", "swap", "drop", "again", "guard", "bound", "bound", "keep"])
        if what == "swap" and len(items) > 1:
            at = rng.randrange(len(items) - 1)
            items[at], items[at + 1] = items[at + 1], items[at]
        elif what == "drop":
            del items[at]
        elif what == "again":
            items.insert(at, items[at])
        elif what == "guard":
            items[at] = Branch(rng.choice(["i == 3", "i < 2", "0 < i", "sub == 0"]), [items[at]])
        elif what == "bound" and loops:
            loop = rng.choice(loops)
            if rng.random() < 0.5:
                loop.first = "1" if loop.first == "0" else "0"
            else:
                loop.end = f"max({loop.end}, 1)" if rng.random() < 0.5 else f"min({loop.end}, 6)"
        elif what == "keep" and isinstance(items[at], Act):
            items[at] = dataclasses.replace(items[at], frees=False)

    # -- text ----------------------------------------------------------------------------------------------------

    def write(self):
        rings = [f"%ring{c.number}: !pto.ptr<{'f32' if c.down else 'f16'}>" for c in self.channels if c.kind == "pipe"]
        parameters = ", ".join(["%x: !pto.ptr<f16>", *rings, "%n: index", "%m: index"])
        lines = [f'module attributes {{pto.target_arch = "{self.arch}"}} {{']
        bodies = {core: Side(self, core).body() for core in ("cube", "vector")}
        if self.pair:
            for core, body in bodies.items():
                lines += [f"  func.func @{core}({parameters}) attributes {{pto.kernel_kind = #pto.kernel_kind<{core}>}} {{", *body,
                          "    return", "  }"]
        else:
            lines += [f"  func.func @kernel({parameters}) {{", *(Side.reservation(c) for c in self.channels if c.kind == "pipe"
                                                                 and c.form == "tile")]
            for core, body in bodies.items():
                lines += [f"  pto.section.{core} {{", *body, "  }"]
            lines += ["    return", "  }"]
        return "\n".join(lines + ["}"]) + "\n"

    # -- the two judges ------------------------------------------------------------------------------------------

    def simulate(self, judge, n, m, *flags):
        arguments = [judge.path("k.pto"), f"--function={'cube,vector' if self.pair else 'kernel'}", "--verify-pipes=off",
                     "--enable-insert-sync", "--a5-credits=intended", "--arg=x=random:16x16:f16:1", f"--arg=n={n}", f"--arg=m={m}"]
        for channel in self.channels:
            if channel.kind == "pipe":
                arguments.append(f"--arg=ring{channel.number}=poison:{channel.slots * 256}:{'f32' if channel.down else 'f16'}")
        return judge.run(judge.sim, *arguments, *flags)

    # A flag that is set too often is another mistake than a hang, and the simulator looks for it by itself.
    FINDING = re.compile(r"^\S+ error: (?!.*may count flag)(.*)$", re.MULTILINE)

    def check(self, judge):
        with open(judge.path("k.pto"), "w") as file:
            file.write(self.text)
        code, said = judge.run(judge.ptoas, judge.path("k.pto"), "--enable-insert-sync", "-o", judge.path("k.cpp"))
        if code not in (0, 1):
            raise Broken(f"ptoas ends with {code}\n{said[:3000]}")
        errors = re.findall(r" error: (.*)", said)
        if not errors and judge.thorough:
            judge.need_cpp(self, "k.cpp")
        if not errors:
            if "not proven" not in said:
                judge.accepted += 1
                self.check_ends(judge)
            else:
                judge.unproven += 1
        elif any(" op hangs" in error for error in errors):
            judge.refused += 1
            self.check_hangs(judge, said)
        elif any("does not balance" in error or re.search(r"receives \d+ entries", error) for error in errors):
            judge.refused += 1
            self.check_unbalanced(judge, said)
        else:
            judge.ruled_out += 1  # a rule, like the tfree of every tpop, and no claim about this run

    def check_ends(self, judge):
        for run, schedule in enumerate(["eager", "lazy", "random"]):
            n, m = self.rng.choice(COUNTS), self.rng.choice(COUNTS)
            code, output = self.simulate(judge, n, m, f"--schedule={schedule}", *([f"--seed={self.seed}"] if run == 2 else []))
            found = self.FINDING.findall(output)
            if code and found or code not in (0, 1):
                raise Broken(f"ptoas accepts it; with n = {n}, m = {m}, {schedule}: {found[:3]}\n{output[:2500]}")

    @staticmethod
    def named(said):
        values = dict(re.findall(r"%(\w) = (\d+)", re.search(r" error: .*", said).group()))
        return values.get("n", 3), values.get("m", 3)

    def check_hangs(self, judge, said):
        n, m = self.named(said)
        closes = "which closes the cycle" in said
        stops = set(re.findall(r"k\.pto:(\d+:\d+): (?:error|note): (?:'pto\.\w+' op hangs|meanwhile)", said.replace("sync.", "sync")))
        for schedule in ("eager", "lazy"):
            code, output = self.simulate(judge, n, m, f"--schedule={schedule}")
            kind = re.search(r" error: (deadlock|starved wait): ", output)
            if not kind:
                raise Broken(f"ptoas sees a hang, but with n = {n}, m = {m}, {schedule} the simulator ends with {code}\n{said[:2000]}\n"
                             f"{output[:2000]}")
            # The simulator looks at the text that is ahead of a core, of which a loop may run nothing.
            if closes and kind.group(1) != "deadlock":
                raise Broken(f"ptoas and the simulator see different hangs\n{said[:2000]}\n{output[:2000]}")
            # On a5 the hardware pipes of a core hold one another as well, so that it may come to stand earlier.
            missing = [stop for stop in stops if f"k.pto:{stop}" not in output]
            if missing and self.arch == "a3":
                raise Broken(f"ptoas names {missing}, where no core of the simulator stands\n{said[:2000]}\n{output[:2000]}")

    def check_unbalanced(self, judge, said):
        n, m = self.named(said)
        code, output = self.simulate(judge, n, m)
        if not re.search(r" error: (deadlock|starved wait): |still counts|nobody receives it", output):
            raise Broken(f"ptoas sees a flag that stays up, but with n = {n}, m = {m} the simulator ends with {code}\n{said[:2000]}\n"
                         f"{output[:2000]}")


class Side:
    """The text of one core."""

    def __init__(self, program, core):
        self.program, self.core = program, core
        self.lines, self.depth, self.constants, self.fresh = [], 2, set(), 0
        self.part = "8x16" if program.split and core == "vector" else "16x16"

    def __call__(self, line):
        self.depth -= line.startswith("}")
        self.lines.append("  " * self.depth + line)
        self.depth += line.endswith("{")

    def c(self, number):
        self.constants.add(int(number))
        return f"%c{number}"

    def name(self, stem):
        self.fresh += 1
        return f"%{stem}{self.fresh}"

    def body(self):
        if any(isinstance(item, Branch) and item.test == "sub == 0" for items in self.program.lists(self.program.sides[self.core])
               for item in items) and self.core == "vector":
            self("%sub64 = pto.get_subblock_idx")
            self("%sub = arith.index_cast %sub64 : i64 to index")
        for channel in self.program.channels:
            if channel.kind == "pipe":
                self.open(channel)
        self.tiles()
        self.items(self.program.sides[self.core], None, None)
        return [f"    %c{n} = arith.constant {n} : index" for n in sorted(self.constants)] + self.lines

    # -- what stands before --------------------------------------------------------------------------------------

    @staticmethod
    def reservation(channel):
        size, space = channel.slots * (1024 if channel.down else 512), "vec" if channel.down else "mat"
        return (f'    %b{channel.number} = pto.reserve_buffer {{name = "b{channel.number}", size = {size}, '
                f"location = #pto.address_space<{space}>, auto = true}} -> i32")

    def open(self, channel):
        n, element = channel.number, "f32" if channel.down else "f16"
        if channel.form == "entry":
            type_ = f"!pto.tensor_view<{self.part}x{element}>"
            rows = self.part.split("x")[0]
            self(f"%slots{n} = pto.make_tensor_view %ring{n}, shape = [{self.c(rows)}, {self.c(16)}], strides = [{self.c(16)}, {self.c(1)}] : {type_}")
            operands = f"gm_slot_tensor = %slots{n} : {type_}"
        else:
            consumes = self.core != channel.sender
            if self.program.pair and consumes:
                self(self.reservation(channel).strip())
            elif self.program.pair:
                peer = "vector" if channel.down else "cube"
                self(f'%b{n} = pto.import_reserved_buffer {{name = "b{n}", peer_func = @{peer}}} -> i32')
            memory = f"gm_slot_buffer = %ring{n} : !pto.ptr<{element}>, " if self.program.arch == "a3" else ""
            operands = f"{memory}{'c2v' if channel.down else 'v2c'}_consumer_buf = %b{n} : i32"
        self(f"pto.ai{self.core[0]}_initialize_pipe {{id = {n}, dir_mask = {1 if channel.down else 2}, "
             f"slot_size = {1024 if channel.down else 512}, slot_num = {channel.slots}}} ({operands})")

    def tiles(self):
        if self.core == "vector":
            self("%one = arith.constant 1.0 : f32")
            self.source, self.wide, self.narrow = (f"!pto.tile_buf<vec, {self.part}xf32>",) * 2 + (f"!pto.tile_buf<vec, {self.part}xf16>",)
            self(f"%ones = pto.alloc_tile : {self.source}")
            self(f"%sum = pto.alloc_tile : {self.wide}")
            self(f"%out = pto.alloc_tile : {self.narrow}")
            self(f"%in = pto.alloc_tile : {self.source}")
            self(f"pto.texpands ins(%one : f32) outs(%ones : {self.source})")
            self(f"pto.tadd ins(%ones, %ones : {self.source}, {self.source}) outs(%sum : {self.wide})")
            self(f"pto.tcvt ins(%sum : {self.wide}) outs(%out : {self.narrow})")
            return
        blayout = "row_major" if self.program.arch == "a3" else "col_major"
        self.left = f"!pto.tile_buf<left, 16x16xf16, blayout={blayout}, slayout=row_major>"
        view, part = "!pto.tensor_view<16x16xf16>", "!pto.partition_tensor_view<16x16xf16>"
        self(f"%xv = pto.make_tensor_view %x, shape = [{self.c(16)}, {self.c(16)}], strides = [{self.c(16)}, {self.c(1)}] : {view}")
        self(f"%xp = pto.partition_view %xv, offsets = [{self.c(0)}, {self.c(0)}], sizes = [{self.c(16)}, {self.c(16)}] : {view} -> {part}")
        for name, type_ in (("xm", MAT), ("in", MAT), ("l", self.left), ("r", RIGHT), ("acc", ACC)):
            self(f"%{name} = pto.alloc_tile : {type_}")
        self(f"pto.tload ins(%xp : {part}) outs(%xm : {MAT})")
        self(f"pto.tmov ins(%xm : {MAT}) outs(%l : {self.left})")
        self(f"pto.tmov ins(%xm : {MAT}) outs(%r : {RIGHT})")
        self(f"pto.tmatmul ins(%l, %r : {self.left}, {RIGHT}) outs(%acc : {ACC})")

    # -- control -------------------------------------------------------------------------------------------------

    def value(self, text):
        """A number, a parameter, min(a, b) or max(a, b)."""
        call = re.fullmatch(r"(min|max)\((.*), (\d+)\)", text)
        if call:
            inner, name = self.value(call.group(2)), self.name("bound")
            self(f"{name} = arith.{call.group(1)}ui {inner}, {self.c(call.group(3))} : index")
            return name
        return self.c(text) if text.isdigit() else f"%{text}"

    def items(self, items, counter, received):
        """`received`: the tile that came last in this block."""
        for item in items:
            if isinstance(item, Act):
                received = self.exchange(item, received)
            elif isinstance(item, Loop):
                first, end, i = self.value(item.first), self.value(item.end), self.name("i")
                self(f"scf.for {i} = {first} to {end} step {self.c(1)} {{")
                self.items(item.body, i, None)
                self("}")
            else:
                self.branch(item, counter)

    def branch(self, item, counter):
        left, test, right = item.test.split()
        if "sub" in item.test and self.core == "cube" or "i" in (left, right) and counter is None:
            return self.items(item.body, counter, None)
        names = {"i": counter, "sub": "%sub"}
        operands = [names.get(side) or self.c(side) for side in (left, right)]
        holds = self.name("holds")
        self(f"{holds} = arith.cmpi {'eq' if test == '==' else 'ult'}, {operands[0]}, {operands[1]} : index")
        self(f"scf.if {holds} {{")
        self.items(item.body, counter, None)
        self("}")
        return None

    # -- exchanges -----------------------------------------------------------------------------------------------

    def exchange(self, act, received):
        channel = act.channel
        if channel.kind == "meet":
            self("pto.syncall mode = #pto.sync_all_mode<hard>, core_type = #pto.sync_core_type<mix>")
        elif channel.kind == "flag":
            pipe = ("FIX" if self.core == "cube" else "MTE3") if act.sends else ("MTE2" if channel.number % 2 else "MTE3" if self.core == "vector" else "FIX")
            self(f"pto.sync.{'set' if act.sends else 'wait'} <PIPE_{pipe}>, {channel.number}")
        elif act.sends:
            self.send(act, received)
        else:
            return self.receive(act)
        return received

    def compute(self, received):
        if self.core == "vector":
            self(f"pto.tadd ins({received}, %ones : {self.source}, {self.source}) outs(%sum : {self.wide})")
            self(f"pto.tcvt ins(%sum : {self.wide}) outs(%out : {self.narrow})")
        else:
            self(f"pto.tmov ins({received} : {MAT}) outs(%l : {self.left})")
            self(f"pto.tmatmul ins(%l, %r : {self.left}, {RIGHT}) outs(%acc : {ACC})")

    def send(self, act, received):
        channel = act.channel
        if act.computes and received:
            self.compute(received)
        tile, type_ = ("%acc", ACC) if self.core == "cube" else ("%out", self.narrow)
        to, clauses = "aiv" if channel.down else "aic", f"{{id = {channel.number}, split = {self.program.split}}}"
        if channel.form == "tile":
            self(f"pto.tpush_to_{to}({tile} : {type_}) {clauses}")
            return
        entry, view, part = self.entry(channel)
        self(f"{entry} = pto.talloc_to_{to} {clauses} -> {view}")
        self(part)
        self(f"pto.tstore ins({tile} : {type_}) outs({entry}_part : {view.replace('tensor', 'partition_tensor')})")
        self(f"pto.tpush_to_{to}({entry} : {view}) {clauses}")

    def entry(self, channel):
        entry, view = self.name("e"), f"!pto.tensor_view<{self.part}x{'f32' if channel.down else 'f16'}>"
        rows = self.part.split("x")[0]
        part = (f"{entry}_part = pto.partition_view {entry}, offsets = [{self.c(0)}, {self.c(0)}], sizes = [{self.c(rows)}, {self.c(16)}] : "
                f"{view} -> {view.replace('tensor', 'partition_tensor')}")
        return entry, view, part

    def receive(self, act):
        channel = act.channel
        source, clauses = "aic" if channel.down else "aiv", f"{{id = {channel.number}, split = {self.program.split}}}"
        if channel.form == "entry":
            entry, view, part = self.entry(channel)
            landing = self.source if channel.down else MAT
            self(f"{entry} = pto.tpop_from_{source} {clauses} -> {view}")
            self(part)
            self(f"pto.tload ins({entry}_part : {view.replace('tensor', 'partition_tensor')}) outs(%in : {landing})")
            if act.frees:
                self(f"pto.tfree_from_{source}({entry} : {view}) {clauses}")
            return "%in"
        got = self.name("got")
        self(f"{got} = pto.tpop_from_{source} {clauses} -> {self.source if channel.down else MAT}")
        if act.computes:
            self.compute(got)
        if act.frees:
            self(f"pto.tfree_from_{source} {clauses}")
        return None  # a tile that was given back is not used


def generate(rng, seed):
    return Hang(rng, seed)
