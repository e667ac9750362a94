"""Tiles that are slots of rings or parts of others, and a library call with flags inside: pieces of vector kernels."""

import numpy as np

from program import Statement, Tile, TileData, TileType, size_of

COL_MAJOR = ", blayout=col_major"


class Slots:
    """Mixed into a builder of vector kernels."""

    def ring(self, kind, count):
        name = self.fresh("ring")
        self.rings.append((name, kind, count))

        def action(m):
            m[name] = [TileData(np.zeros(kind.bytes, np.uint8), np.zeros(kind.bytes, bool), 0, kind) for _ in range(count)]

        self.prelude.append(Statement(f"%{name} = pto.alloc_multi_tile : !pto.multi_tile_buf<{kind.text}, count={count}>", action))

    def ring_slot(self):
        """A slot of a ring of tiles: by a counter, or some slot by number."""
        rng = self.rng
        if not self.rings or (len(self.rings) < 2 and rng.random() < 0.4):
            self.ring(rng.choice([s for s in self.shapes if not s.by_columns]), rng.randint(2, 4))
        ring, kind, count = rng.choice(self.rings)
        counters = [i for i in self.indices if i.low >= 0][-2:] if self.depth else []
        if counters and rng.random() < 0.85:
            index = self.add(rng.choice(counters), rng.randint(0, 2))
            slot, by = self.fresh("slot"), self.constant(count)
            self.emit(f"%{slot} = arith.rem{rng.choice('us')}i %{index.name}, %{by.name} : index", lambda m: m.__setitem__(slot, m[index] % count))
        else:
            slot = self.constant(rng.randint(0, count - 1)).name
        tile = Tile(self.fresh("t"), kind)
        self.emit(f"%{tile.name} = pto.multi_tile_get %{ring}[%{slot}] : !pto.multi_tile_buf<{kind.text}, count={count}> -> {kind.text}",
                  lambda m: m.__setitem__(tile.name, m[ring][m[slot]]))
        self.tiles.setdefault(kind, []).append(tile)
        self.load(tile)

    def window(self):
        """Half of the rows of a tile, as a tile of its own."""
        rng = self.rng
        kinds = [s for s in self.tiles if isinstance(s, TileType) and s.space == "vec" and not s.layout and not s.valid and s.rows in (2, 4, 8)]
        kinds = [s for s in kinds if self.tiles[s] and s.element != "ui8"]
        if not kinds:
            return
        kind = rng.choice(kinds)
        whole = rng.choice(self.tiles[kind])
        half = TileType("vec", kind.rows // 2, kind.cols, kind.element)
        row = rng.randint(0, kind.rows // 2)
        shift = row * kind.cols * size_of(kind.element)
        part = Tile(self.fresh("w"), half)
        if whole.address is not None:
            part.address, part.end = whole.address + shift, whole.end - kind.bytes + shift + half.bytes
        at, zero = self.constant(row), self.constant(0)

        def action(m):
            data = m[whole.name]
            m[part.name] = TileData(data.memory, data.known, data.offset + shift, half)

        self.emit(f"%{part.name} = pto.subview %{whole.name}[%{at.name}, %{zero.name}] sizes [{half.rows}, {half.cols}] : "
                  f"{kind.text} -> {half.text}", action)
        # Beside its whole a part is no operand: what is read and written must be the same tile or share nothing.
        self.load(part)
        tensor = rng.choice([t for t in self.tensors if t.element == kind.element])
        view, view_type = self.view(tensor, *half.shape)
        self.emit(f"pto.tstore ins(%{part.name} : {half.text}) outs(%{view} : {view_type})",
                  lambda m: m[view].write(m[part.name].read()), tags=["pipe"])

    def row_sum(self):
        """A library call with flags inside, and a scalar read of what it wrote."""
        kinds = [s for s in self.shapes if s.element == "i32" and not s.by_columns and not s.valid and s.rows == 8]
        if not kinds or self.program.level != "level2":
            return
        kind = self.rng.choice(kinds)
        a = self.full_tile(kind)
        column, tmp = TileType("vec", 8, 1, "i32", COL_MAJOR), self.tile(kind)
        self.tiles[kind].remove(tmp)
        result = self.tile(column)
        self.tiles[column].remove(result)

        def action(m):
            with np.errstate(all="ignore"):
                m[result.name].write(m[a.name].read().sum(axis=1, dtype=np.int32).reshape(8, 1))
            m[tmp.name].forget()

        self.emit(f"pto.trowsum ins(%{a.name}, %{tmp.name} : {kind.text}, {kind.text}) outs(%{result.name} : {column.text})", action, tags=["pipe"])
        row, name = self.constant(self.rng.randint(0, 7)), self.fresh("v")
        self.emit(f"%{name} = pto.tgetval ins(%{result.name}, %{row.name} : {column.text}, index) outs : i32",
                  lambda m: m.__setitem__(name, m[result.name].read()[row.low, 0]))
        target = self.rng.choice([t for t in self.tensors if t.element == "i32"])
        self.store_scalar(target.pointer, "i32", target.rows * target.cols, name)
