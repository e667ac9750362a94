//===- TileHandle.td - Tiles, rings of tiles, views of tiles ----*- tablegen -*-===//
//
// A tile value is a handle: an address and valid extents. The operations here make handles and move no data; a handle
// that is made from another has extents of its own, so that set_validshape changes one handle and not the bytes.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_IR_OPS_TILEHANDLE
#define PTOAS_IR_OPS_TILEHANDLE

include "ptoas/IR/Types.td"
include "ptoas/IR/Attrs.td"

class HandleOp<string mnemonic, list<Trait> traits = []> : PtoOp<mnemonic, traits> {
  let pipe = NoPipe;
  let family = "tile";
}
class TileViewOp<string mnemonic, list<Trait> traits = []> : HandleOp<mnemonic, !listconcat([Pure, TileView], traits)> {
  let hasVerifier = 1;
}

def AllocTileOp : HandleOp<"alloc_tile", [AttrSizedOperandSegments]> {
  let summary = "Declares a tile and, at level3, where it lies.";
  let description = [{
    `addr` is a byte offset in the tile's memory: required at level3, absent at level1 and level2, where the planner chooses.
    `valid_row` and `valid_col` are given exactly when the type's extent is `?`.
  }];
  let arguments = (ins Optional<I64>:$addr, Optional<Index>:$valid_row, Optional<Index>:$valid_col);
  let results = (outs TileBuf:$result);
  let assemblyFormat = [{
    (`addr` `=` $addr^)? (`valid_row` `=` $valid_row^)? (`valid_col` `=` $valid_col^)? attr-dict `:` qualified(type($result))
  }];
  let hasVerifier = 1; // layout of the type, valid extents, constant address: alignment and capacity
  let semantics = Engine<"names rows x cols elements of on-chip memory; their contents are undefined">;
}

def AllocMultiTileOp : HandleOp<"alloc_multi_tile", [AttrSizedOperandSegments]> {
  let summary = "Declares a ring of equal tiles, one behind the other.";
  let description = [{
    `addr` is where slot 0 lies, as for alloc_tile. The valid extents are those of every slot.
  }];
  let arguments = (ins Optional<I64>:$addr, Optional<Index>:$valid_row, Optional<Index>:$valid_col);
  let results = (outs MultiTileBuf:$result);
  let assemblyFormat = [{
    (`addr` `=` $addr^)? (`valid_row` `=` $valid_row^)? (`valid_col` `=` $valid_col^)? attr-dict `:` qualified(type($result))
  }];
  let hasVerifier = 1; // as alloc_tile, for all slots
  let semantics = Engine<"slot i lies i strides behind slot 0; a stride is a tile, rounded up to the alignment of its memory">;
  let since = "0.60";
}

def MultiTileGetOp : TileViewOp<"multi_tile_get"> {
  let summary = "One slot of a ring of tiles.";
  let description = [{
    A slot of `i mod count`, with the counter of an scf.for, lets the synchronisation know how many iterations pass before the slot
    comes round again; any other slot is ordered as if it could be each of them.
  }];
  let arguments = (ins MultiTileBuf:$source, Index:$slot);
  let results = (outs TileBuf:$result);
  let assemblyFormat = [{
    $source `[` $slot `]` attr-dict `:` qualified(type($source)) `->` qualified(type($result))
  }];
  let semantics = Engine<"result = slot number slot of source, 0 <= slot < count">;
  let since = "0.60";
}

def SubviewOp : TileViewOp<"subview", [AttrSizedOperandSegments]> {
  let summary = "A window of a tile.";
  let description = [{
    Its valid extents are `valid`, at most the sizes, or else the sizes; those of the source do not count. A window that is narrower
    than its source keeps the source's distance between lines, which its type does not say: operations may use it and windows may be
    taken of it, but it cannot be handed on by calls, branches and loops, nor be reshaped.
  }];
  let arguments = (ins TileBuf:$source, Index:$row, Index:$col, Optional<Index>:$valid_row, Optional<Index>:$valid_col,
                       DenseI64ArrayAttr:$sizes);
  let results = (outs TileBuf:$result);
  let hasCustomAssemblyFormat = 1;
  let semantics = Engine<"element (i, j) of result is element (row + i, col + j) of source">;
}

def TReshapeOp : TileViewOp<"treshape"> {
  let summary = "The same bytes with another shape, element type or layout.";
  let description = [{
    A valid extent of `?` begins as that of the source where both shapes are equally long, else as the whole length.
  }];
  let arguments = (ins TileBuf:$source);
  let results = (outs TileBuf:$result);
  let assemblyFormat = "$source attr-dict `:` qualified(type($source)) `->` qualified(type($result))";
  let semantics = Engine<"byte i of result is byte i of source">;
}

def BitcastOp : TileViewOp<"bitcast"> {
  let summary = "The same shape with another element type, on the same bytes.";
  let arguments = (ins TileBuf:$source);
  let results = (outs TileBuf:$result);
  let assemblyFormat = "$source attr-dict `:` qualified(type($source)) `->` qualified(type($result))";
  let semantics = Engine<"byte i of result is byte i of source; result may end before source">;
}

def TAssignOp : HandleOp<"tassign", [AllTypesMatch<["source", "result"]>]> {
  let summary = "The tile at another address.";
  let description = [{
    At level3 and without automatic synchronisation only. The operand must not be used any more: the library moves it along.
  }];
  let arguments = (ins TileBuf:$source, I64:$addr);
  let results = (outs TileBuf:$result);
  let hasCustomAssemblyFormat = 1; // `%t, %a : T -> T`; `ins(%t, %a)` without a type is read too, and moves %t
  let hasVerifier = 1; // constant address, later uses of the operand
  let semantics = Engine<"result lies at byte addr of its memory, with the valid extents of source">;
}

def SetValidShapeOp : HandleOp<"set_validshape"> {
  let summary = "Changes the valid extents of a tile.";
  let arguments = (ins TileBuf:$source, Index:$row, Index:$col);
  let assemblyFormat = "$source `,` $row `,` $col attr-dict `:` qualified(type($source))";
  let hasVerifier = 1; // both extents open, a handle made here, constants within the shape
  let cpp = "$source.SetValidShape({validExtents})";
  let semantics = Engine<"the valid region of source is row x col from here on">;
}

class ValidExtentOp<string mnemonic, string what> : HandleOp<mnemonic> {
  let summary = "The valid " # what # " of a tile.";
  let arguments = (ins TileBuf:$source);
  let results = (outs Index:$result);
  let assemblyFormat = "$source attr-dict `:` qualified(type($source)) custom<IndexResult>(type($result))";
  let semantics = Engine<"result = valid " # what # " of source">;
  let since = "0.48";
}
def TileValidRowsOp : ValidExtentOp<"tile_valid_rows", "rows">;
def TileValidColsOp : ValidExtentOp<"tile_valid_cols", "columns">;

def GetValidShapeOp : HandleOp<"get_validshape"> {
  let summary = "The valid rows and columns of a tile.";
  let arguments = (ins TileBuf:$source);
  let results = (outs Index:$rows, Index:$cols);
  let assemblyFormat = "$source attr-dict `:` qualified(type($source)) `` custom<IndexPair>(type($rows), type($cols))";
  let semantics = Engine<"(rows, cols) = valid extents of source">;
  let since = "0.48";
}

#endif // PTOAS_IR_OPS_TILEHANDLE
