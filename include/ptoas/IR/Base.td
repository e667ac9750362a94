//===- Base.td - The vocabulary of the op records ---------------*- tablegen -*-===//
//
// One record per operation carries every fact about it (law 1 of CONTRIBUTING.md, docs/adr/0002). This file defines the words that a record
// may use; tools/pto-tblgen reads the records and derives the op-info table, the verifier's rules, the reference pages
// and the simulator's dispatch. A word that no backend understands does not belong here.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_IR_BASE
#define PTOAS_IR_BASE

include "mlir/IR/OpBase.td"
include "mlir/IR/EnumAttr.td"
include "mlir/IR/AttrTypeBase.td"
include "mlir/Interfaces/SideEffectInterfaces.td"

def Pto_Dialect : Dialect {
  let name = "pto";
  let summary = "Tile programs for Ascend NPUs.";
  let cppNamespace = "::pto";
  let useDefaultTypePrinterParser = 1;
  let useDefaultAttributePrinterParser = 1;
  let hasOperationAttrVerify = 1; // pto.kernel_kind and its like: a misspelt one would be ignored in silence
  let hasRegionArgAttrVerify = 1; // pto.may_alias
  let extraClassDeclaration = [{
    void registerTypes();
    void registerAttributes();
    /// Left tiles whose text says an outer layout, where it says so: row_major is also what a text means that
    /// is silent, and only one that speaks up is told when the arch has another (lib/Parse).
    ::llvm::SmallVector<std::pair<::mlir::Location, ::mlir::Type>> explicitLeftTiles;
    /// Operations by an old name (`was` of their record), in a grammar that their parser reads too.
    std::optional<ParseOpHook> getParseOperationHook(llvm::StringRef name) const override;
  }];
}

//===----------------------------------------------------------------------===//
// Hardware words
//===----------------------------------------------------------------------===//

class Pipe<string n> { string name = n; }
def PipeS : Pipe<"S">;
def PipeV : Pipe<"V">;
def PipeM : Pipe<"M">;
def PipeMte1 : Pipe<"MTE1">;
def PipeMte2 : Pipe<"MTE2">;
def PipeMte3 : Pipe<"MTE3">;
def PipeFix : Pipe<"FIX">;
def NoPipe : Pipe<"none">;       // makes a value, a scope or an address; runs on no pipe
def ByRoute : Pipe<"byRoute">;   // the pair of memories decides: see `routes`
def ByMicro : Pipe<"byMicro">;   // a library call that spans pipes: see `micro`

class Arch<string n> { string name = n; }
def A3 : Arch<"A3">;
def A5 : Arch<"A5">;
defvar AllArchs = [A3, A5];

class Space<string n> { string name = n; }
def SpaceGm : Space<"GM">;
def SpaceVec : Space<"Vec">;
def SpaceMat : Space<"Mat">;
def SpaceAcc : Space<"Acc">;
def SpaceLeft : Space<"Left">;
def SpaceRight : Space<"Right">;
def SpaceBias : Space<"Bias">;
def SpaceScaling : Space<"Scaling">;
def SpaceScaleLeft : Space<"ScaleLeft">;   // scales of what lies in L0A
def SpaceScaleRight : Space<"ScaleRight">; // scales of what lies in L0B

// Element types with signedness: signless and signed integers are one ("I16"), unsigned ones another ("U16"), because
// the library accepts signed only in many places (library 3.2).
class Element<string n> { string name = n; }
foreach e = ["I1", "I8", "I16", "I32", "I64", "U8", "U16", "U32", "U64", "F16", "BF16", "F32", "F64",
             "F8E4M3", "F8E5M2", "F8E8M0", "HIF8", "F4E1M2x2", "F4E2M1x2"] in
  def E_#e : Element<e>;

// The element types that an op accepts on one arch.
class On<Arch a, list<Element> e> {
  Arch arch = a;
  list<Element> elements = e;
}

// A movement whose pipe depends on where the tiles live. `src` and `dst` name the operands that decide.
class Route<Space f, Space t, Pipe p, list<Arch> on = AllArchs> {
  Space from = f;
  Space to = t;
  Pipe pipe = p;
  list<Arch> archs = on;
}

//===----------------------------------------------------------------------===//
// Operand roles: they carry the memory effects (stock mlir-tblgen writes getEffects from them)
//===----------------------------------------------------------------------===//

def TileMemory : Resource<"::pto::TileMemory">;
def GlobalMemory : Resource<"::pto::GlobalMemory">;
def SignalMemory : Resource<"::pto::SignalMemory">;
// Variables of the scalar unit: its own order suffices, so that no role comes of it.
def ScalarMemory : Resource<"::pto::ScalarMemory">;

// Types that operands may have; the classes are defined in Types.td.
def TileBuf : DialectType<Pto_Dialect, CPred<"::llvm::isa<::pto::TileBufType>($_self)">, "tile buffer", "::pto::TileBufType">;
def MultiTileBuf : DialectType<Pto_Dialect, CPred<"::llvm::isa<::pto::MultiTileBufType>($_self)">, "ring of tiles",
    "::pto::MultiTileBufType">;
def GlobalView : DialectType<Pto_Dialect,
    CPred<"::llvm::isa<::pto::PartitionTensorViewType, ::pto::TensorViewType>($_self)">, "global tensor view">;
def PartitionView : DialectType<Pto_Dialect,
    CPred<"::llvm::isa<::pto::PartitionTensorViewType>($_self)">, "partition view",
    "::pto::PartitionTensorViewType">;
def TensorView : DialectType<Pto_Dialect, CPred<"::llvm::isa<::pto::TensorViewType>($_self)">, "tensor view", "::pto::TensorViewType">;
def Pointer : DialectType<Pto_Dialect, CPred<"::llvm::isa<::pto::PtrType>($_self)">, "pointer", "::pto::PtrType">;
def LocalArray : DialectType<Pto_Dialect, CPred<"::llvm::isa<::pto::LocalArrayType>($_self)">, "local array",
    "::pto::LocalArrayType">;
def EventIdArray : DialectType<Pto_Dialect, CPred<"::llvm::isa<::pto::EventIdArrayType>($_self)">, "array of event ids",
    "::pto::EventIdArrayType">;
def StructValue : DialectType<Pto_Dialect, CPred<"::llvm::isa<::pto::StructType>($_self)">, "struct", "::pto::StructType">;
def TileOrView : Type<CPred<"::llvm::isa<::pto::TileBufType, ::pto::PartitionTensorViewType>($_self)">,
                      "tile buffer or partition view">;
def PipeHandle : DialectType<Pto_Dialect, CPred<"::llvm::isa<::pto::PipeHandleType>($_self)">, "pipe", "::pto::PipeHandleType">,
                 BuildableType<"$_builder.getType<::pto::PipeHandleType>()">;
def PipeEntry : Type<CPred<"::llvm::isa<::pto::TileBufType, ::pto::TensorViewType>($_self)">, "tile buffer or tensor view">;
def AsyncSession : DialectType<Pto_Dialect, CPred<"::llvm::isa<::pto::AsyncSessionType>($_self)">, "asynchronous session",
    "::pto::AsyncSessionType">, BuildableType<"$_builder.getType<::pto::AsyncSessionType>()">;
def AsyncEvent : DialectType<Pto_Dialect, CPred<"::llvm::isa<::pto::AsyncEventType>($_self)">, "asynchronous event",
    "::pto::AsyncEventType">, BuildableType<"$_builder.getType<::pto::AsyncEventType>()">;
def ScalarValue : Type<CPred<"$_self.isIntOrIndexOrFloat()">, "scalar">;
def IntegerValue : Type<CPred<"$_self.isIntOrIndex()">, "integer">;
// What the library returns beside a merged list: how many records it took from each source.
def ExecutedCounts : Type<CPred<"::pto::isExecutedCounts($_self)">, "vector<4xi16>", "::mlir::VectorType">;

def PrefetchAsyncContext : DialectType<Pto_Dialect, CPred<"::llvm::isa<::pto::PrefetchAsyncContextType>($_self)">,
    "context of prefetches", "::pto::PrefetchAsyncContextType">;

class In<Type t = TileBuf> : Arg<t, "read", [MemRead<TileMemory>]>;
class Out<Type t = TileBuf> : Arg<t, "written", [MemWrite<TileMemory>]>;
class InOut<Type t = TileBuf> : Arg<t, "read and written", [MemRead<TileMemory>, MemWrite<TileMemory>]>;
// Live only inside the op; contents before and after mean nothing.
class Scratch<Type t = TileBuf> : Arg<t, "scratch", [MemRead<TileMemory>, MemWrite<TileMemory>]>;
def OptionalIn : Arg<Optional<TileBuf>, "read", [MemRead<TileMemory>]>;
def OptionalOut : Arg<Optional<TileBuf>, "written", [MemWrite<TileMemory>]>;
def OptionalScratch : Arg<Optional<TileBuf>, "scratch", [MemRead<TileMemory>, MemWrite<TileMemory>]>;
class GmIn<Type t = GlobalView> : Arg<t, "read from global memory", [MemRead<GlobalMemory>]>;
def OptionalGmIn : Arg<Optional<GlobalView>, "read from global memory", [MemRead<GlobalMemory>]>;
def OptionalGmInOut
    : Arg<Optional<GlobalView>, "read and written in global memory", [MemRead<GlobalMemory>, MemWrite<GlobalMemory>]>;
class GmOut<Type t = GlobalView> : Arg<t, "written to global memory", [MemWrite<GlobalMemory>]>;
class GmInOut<Type t = GlobalView>
    : Arg<t, "read and written in global memory", [MemRead<GlobalMemory>, MemWrite<GlobalMemory>]>;
class SignalIn<Type t = GlobalView> : Arg<t, "signal that is waited for", [MemRead<SignalMemory>, MemWrite<SignalMemory>]>;
class SignalOut<Type t = GlobalView> : Arg<t, "signal that is given", [MemWrite<SignalMemory>]>;

//===----------------------------------------------------------------------===//
// Rules: what the library would reject, checked by one generic verifier (lib/IR/Rules.cpp)
//===----------------------------------------------------------------------===//

class Condition<string k = "always", string operand_ = "", list<string> words_ = []> {
  string kind = k;
  string operand = operand_;
  list<string> words = words_;
}
def Always : Condition;
class Present<string operand_> : Condition<"present", operand_>;
class IsIn<string operand_, list<string> spaces> : Condition<"inSpace", operand_, spaces>;
class AttributeSet<string attribute> : Condition<"attributeSet", attribute>;

// `check` is the function in namespace pto::rules that decides; `text` goes to the reference page, $0 stands for the
// operands and $1 for the words.
class Rule<string c, string t, list<string> ops, list<string> w = [], list<int> n = []> {
  string check = c;
  string text = t;
  list<string> operands = ops;
  list<string> words = w;
  list<int> numbers = n;
  list<string> attributes = [];  // that the rule speaks of; their indices come first among the numbers
  string attribute = "";         // the attribute that the rule is about, for rules on attributes
  string wordsAre = "";          // the C++ enums that the words belong to, one after the other, the last one repeated
  list<Arch> archs = AllArchs;
  Condition when = Always;
}
class OnlyOn<Arch a, Rule r> : Rule<r.check, r.text, r.operands, r.words, r.numbers> {
  let attributes = r.attributes;
  let attribute = r.attribute;
  let wordsAre = r.wordsAre;
  let archs = [a];
  let when = r.when;
}
class When<Condition c, Rule r> : Rule<r.check, r.text, r.operands, r.words, r.numbers> {
  let attributes = r.attributes;
  let attribute = r.attribute;
  let wordsAre = r.wordsAre;
  let archs = r.archs;
  let when = c;
}

class Tiles<list<string> ops> : Rule<"tiles", "$0: valid extents within the shape, element type not low precision", ops>;
class SameElement<list<string> ops> : Rule<"sameElement", "$0: one element type", ops>;
class SameBytes<list<string> ops> : Rule<"sameBytes", "$0: elements of one size in bytes", ops>;
class ElementsOf<string op> : Rule<"elements", "$0: an element type of the table above", [op]>;
class SameValid<list<string> ops> : Rule<"sameValid", "$0: equal valid shapes (an extent known only at run time matches any)", ops>;
class SameShape<list<string> ops> : Rule<"sameShape", "$0: equal shapes", ops>;
class SameRows<string op, string as_> : Rule<"sameRows", "$0: equally many valid rows; a 0x0 second one is a no-op", [op, as_]>;
class SameCols<string op, string as_> : Rule<"sameCols", "$0: equally many valid columns; a 0x0 second one is a no-op", [op, as_]>;
class NoBoxes<string op> : Rule<"noBoxes", "$0: slayout is none_box", [op]>;
class RowResult<string src, string dst>
    : Rule<"rowResult", "$0: the second is none_box, row_major or of one column, with one valid column and the valid rows of the first; 0x0 is a no-op", [src, dst]>;
class PerRow<string src0, string src1, string dst>
    : Rule<"perRow", "$0: one source is row_major with the valid shape of the result; the other has its valid rows and one column (col_major) or one 32-byte block of copies (row_major)", [src0, src1, dst]>;
class RowMajor<list<string> ops> : Rule<"rowMajor", "$0: blayout is row_major, slayout none_box", ops>;
class InSpace<list<string> ops, list<Space> s> : Rule<"inSpace", "$0: in $1", ops, !foreach(x, s, x.name)> {
  let wordsAre = "Space";
}
class ValidPositive<list<string> ops> : Rule<"validPositive", "$0: positive valid extents", ops>;
class PositiveDims<list<string> ops> : Rule<"positiveDims", "$0: positive extents", ops>;
class BlockLayout<string op, string b, string s> : Rule<"blockLayout", "$0: blayout and slayout $1", [op], [b, s]> {
  let wordsAre = "BLayout SLayout";
}
class FractalSize<string op, list<int> sizes> : Rule<"fractalSize", "$0: a fractal size of $1", [op], [], sizes>;
class Distinct<list<string> ops> : Rule<"distinct", "$0: different tiles", ops>;
class ScalarIsElementOf<string scalar, string tile> : Rule<"scalarIsElement", "$0: the scalar has the element type of the tile", [scalar, tile]>;
class ScalarSuits<string scalar, string tile> : Rule<"scalarSuits", "$0: an integer for integer elements, a float for floats", [scalar, tile]>;
class NotNegative<list<string> ops> : Rule<"notNegative", "$0: not negative, where it is a constant", ops>;
// For operands that a later grammar may leave out and the library may not.
class Given<string op> : Rule<"given", "$0: given", [op]>;
// Scratch that is added at level1 and level2 when the text leaves it out: of the shape of another operand, rows of at least
// so many blocks of 32 bytes.
class GivenAs<string op, string as_, int blocks = 1>
    : Rule<"given", "$0: the first given (level1 and level2 add one of the shape of the second)", [op, as_], [], [blocks]>;
// A bit per element in whole repeats, and a row more for the select.
class MaskScratch<string tmp, string as_>
    : Rule<"maskScratch", "$0: the scratch is given and has a row more than the valid ones of the other, with a bit per element in whole repeats of 256 bytes", [tmp, as_]>;
class OneOf<list<string> ops, list<string> attrs = []> : Rule<"oneOf", "$0: exactly one of them given", ops> {
  let attributes = attrs;
}
class GivenWith<string op, list<string> others>
    : Rule<"givenWith", "$0: the first is given exactly when one of the others is", !listconcat([op], others)>;
class OnlyWith<string op, list<string> others>
    : Rule<"onlyWith", "$0: the first only together with one of the others", !listconcat([op], others)>;
class AttributeWith<string a, list<string> ops, list<string> attrs = []>
    : Rule<"attributeWith", "$0: the attribute only together with one of the others", ops> {
  let attributes = !listconcat([a], attrs);
}
class AttributeIn<string a, list<int> values> : Rule<"attributeIn", "$0: one of $1", [], [], values> {
  let attributes = [a];
}
// Operands that hold integers of the size of another's elements; `least` is a lower bound in bytes.
class IntegersAsWide<string op, string as_, int least>
    : Rule<"integersAsWide", "$0: integers as wide as the elements of the other, at least $1 byte(s)", [op, as_], [], [least]>;
class FullCols<list<string> ops> : Rule<"fullCols", "$0: all columns valid", ops>;
// The next two read maskPattern and axis.
class Packs<string src, string dst> : Rule<"packs", "$0: the second has room for what the pattern keeps of the first", [src, dst]>;
class Spreads<string src, string dst> : Rule<"spreads", "$0: the second is the first times the step of the pattern", [src, dst]>;
class BlockOffsets<string offsets, string dst> : Rule<"blockOffsets", "$0: an offset for every 32 bytes of a row of the second", [offsets, dst]>;
class MinCols<string op, int n> : Rule<"minCols", "$0: at least $1 columns", [op], [], [n]>;
// Reads byte.
class HistogramIndex<string src, string idx>
    : Rule<"histogramIndex", "$0: for 16-bit elements a column with a byte per row, for 32-bit ones a row per higher byte", [src, idx]>;
// The next two read coalesce.
class GatherScratch<string scratch, string gmIdx>
    : Rule<"gatherScratch", "$0: the first exactly when elements are gathered by the second", [scratch, gmIdx]>;
class TableIndices<string idx, string data> : Rule<"tableIndices", "$0: an index per row, or per element, of the second", [idx, data]>;
// Reads scatterAtomicOp.
class AtomicElements<string op> : Rule<"atomicElements", "$0: added i32, f16, f32; largest and smallest of i32, f32", [op]>;
class SortRecords<string src, string dst>
    : Rule<"sortRecords", "$0: the second has room for a record of 8 bytes per element, in whole groups of 32", [src, dst]>;
class SortIndices<string src, string idx> : Rule<"sortIndices", "$0: an index for every element, or one row of them for all rows", [src, idx]>;
class SortTail<string src> : Rule<"sortTail", "$0: without a scratch tile a multiple of 32 valid columns", [src]>;
class MergeLength<string src, string length, string dst>
    : Rule<"mergeLength", "$0: the length is a positive multiple of 64, and 4 of it fit 1 to 255 times into the valid columns", [src, length, dst]>;
class MergeRoom<list<string> ops> : Rule<"mergeRoom", "$0: the scratch is as wide as the result, and as all sources together", ops>;
class AtMostOne<list<string> ops> : Rule<"atMostOne", "$0: at most one of them given", ops>;
class Absent<string op> : Rule<"absent", "$0: not given", [op]>;
class AttributeAbsent<string a> : Rule<"attributeAbsent", a # ": not given", []> { let attribute = a; }
class AttributeOneOf<string a, list<int> values> : Rule<"attributeOneOf", a # ": $1", [], [], values> { let attribute = a; }
// The matrix of the view (library 1.1) against the valid region.
class SameMatrix<string view, string tile>
    : Rule<"sameMatrix", "$0: the rows and columns of the view are the valid ones of the tile, where both are known", [view, tile]>;
// Neighbours of a packed pair stay neighbours.
class PairsStay<string src, string dst>
    : Rule<"pairsStay", "$0: pairs of 4-bit numbers run along one axis on both sides", [src, dst]>;
class NoPadding<list<string> ops, list<string> attrs>
    : Rule<"noPadding", "$0: not given, or without effect; a load pads with the pad of its tile", ops> {
  let attributes = attrs;
}
// Of an operand of a product with scales: its memory, and an extent for every 32 numbers.
class ScaleTile<string scale, string of>
    : Rule<"scaleTile", "$0: the first in scaling with boxes of 32 bytes, Zz (row_major, row_major) for a left operand, Nn (col_major, col_major) for a right one", [scale, of]>;
class ScaleExtents<string scale, string of>
    : Rule<"scaleExtents", "$0: one valid scale for every 32 numbers of k of the second", [scale, of]>;
class WholeGroups<string lhs, string rhs>
    : Rule<"wholeGroups", "$0: the tiles hold a multiple of 64 numbers along k", [lhs, rhs]>;
// The next two read quant_type, grpAxis and storeMode.
class MxResult<string src, string dst>
    : Rule<"mxResult", "$0: MXFP8 makes 8-bit integers, MXFP4_E2M1 f4E2M1x2 from elements of 16 bits; row_major without boxes, Nz with storeMode nz", [src, dst]>;
class GroupCount<list<string> ops>
    : Rule<"groupCount", "$0: the valid extent of the first along the axis of groups is a multiple of 32, and the others hold a valid element per group", ops>;
class MinValid<string op, string as_, int rows_> : Rule<"minValid", "$0: the scratch has at least $1 row and the columns of the other", [op, as_], [], [rows_]>;
// Element types of (dst, lhs, rhs), three words a triple.
class Triples<list<string> ops, list<string> t> : Rule<"triples", "$0: element types $1", ops, t> {
  let wordsAre = "Element";
}
class Pairs<list<string> ops, list<string> t> : Rule<"pairs", "$0: element types $1, in pairs", ops, t> {
  let wordsAre = "Element";
}
// What the FIX pipe converts on the way out of an accumulator, without and with a scale (library 2.3).
class ConvertsPlain<string src, string dst, list<string> t>
    : Rule<"convertsPlain", "$0: without a scale element types $1, in pairs", [src, dst], t> {
  let wordsAre = "Element";
}
class ConvertsScaled<string src, string dst, list<string> t>
    : Rule<"convertsScaled", "$0: with a scale element types $1, in pairs", [src, dst], t> {
  let wordsAre = "Element";
}
class MatmulShape<string dst, string lhs, string rhs> : Rule<"matmulShape", "$0: M, K and N agree and lie in 1..4095", [dst, lhs, rhs]>;
class ValidRows<list<string> ops, int n> : Rule<"validRows", "$0: $1 valid row(s)", ops, [], [n]>;
class PhysicalRows<list<string> ops, int n> : Rule<"physicalRows", "$0: $1 row(s)", ops, [], [n]>;
class ValidColsCover<string op, string as_> : Rule<"validColsCover", "$0: the first has at least the valid columns of the second", [op, as_]>;
class ElementInside<string index, string tile> : Rule<"elementInside", "$0: the index lies inside the tile, where it is a constant", [index, tile]>;
// dst is a window of src at (row, col); constants are looked through casts.
class WindowInside<string outer, string row, string col, string inner>
    : Rule<"window", "$0: the window lies inside its parent", [outer, row, col, inner]>;
// The same for what is written into a parent: its valid region counts.
class ValidWindowInside<string outer, string row, string col, string inner>
    : Rule<"window", "$0: the valid region of the last lies inside the first", [outer, row, col, inner], [], [1]>;
class VecWindow<string outer, string row, string col, string inner>
    : Rule<"vecWindow", "$0: inside vec one layout, none_box row_major or Nz, on a5 also the first into the second; on a2/a3 the window starts on a block of 32 bytes", [outer, row, col, inner]>;
class WholeFractals<string op, string row, string col> : Rule<"wholeFractals", "$0: window offsets are multiples of the fractal", [op, row, col]>;
// A tile of one row is a plain vector whatever it declares.
class MatrixSource<string src, string dst>
    : Rule<"matrixSource", "$0: the first is Nz (col_major, row_major) or Zn (row_major, col_major), or one row of a multiple of 512 bytes; when transposed, rows and columns of the second are multiples of 16, of 1-byte elements 32", [src, dst]>;
class ScaleWords<string op> : Rule<"scaleWords", "$0: f8E8M0, ui8, or one row of 64-bit words of a multiple of 128 bytes", [op]>;
class SameLayout<string src, string dst>
    : Rule<"sameLayout", "$0: inside vec one blayout and slayout, on a5 also ND into Nz; into mat ND or Nz", [src, dst]>;
class RowBytes<string op, int n> : Rule<"rowBytes", "$0: a row takes a multiple of $1 bytes", [op], [], [n]>;
class MaxCols<string op, int n> : Rule<"maxCols", "$0: at most $1 columns", [op], [], [n]>;
class ShapeCovers<string outer, string inner> : Rule<"shapeCovers", "$0: the first has at least the rows and columns of the second", [outer, inner]>;
class PadGiven<string op> : Rule<"padGiven", "$0: a pad other than null", [op]>;
class FitsTransposed<string src, string dst> : Rule<"fitsTransposed", "$0: the transposed valid region of the first lies inside the second", [src, dst]>;
class TransposeScratch<string tmp, string src, string dst>
    : Rule<"transposeScratch", "$0: room for the transposed valid region in whole blocks, where the vector unit transposes", [tmp, src, dst]>;
class ConcatFits<string a, string b, string dst> : Rule<"concatFits", "$0: the valid columns of the first two fit into the third side by side", [a, b, dst]>;
class LoadLayout<string src, string dst>
    : Rule<"loadLayout", "$0: layouts of one family, in mat also ND to Nz and DN to Zn (a5: DN to Nz)", [src, dst]>;
class AddedElements<string view>
    : Rule<"addedElements", "$0: where atomicType adds, of element type f32, f16, bf16, i32, i16 or i8", [view]>;
class StoreLayout<string src, string dst>
    : Rule<"storeLayout", "$0: layouts of one family, but for one row or column and accumulators", [src, dst]>;
class LegalRoute<string src, string dst> : Rule<"route", "$0: a pair of memories that the pipes above list", [src, dst]>;
// The next three look at global views: static extents, rank and element types.
class ViewRank<list<string> ops, int most> : Rule<"viewRank", "$0: 1 to $1 dimensions", ops, [], [most]>;
class StaticExtents<list<string> ops> : Rule<"staticExtents", "$0: static positive extents", ops>;
class SameExtents<list<string> ops> : Rule<"sameExtents", "$0: equal extents", ops>;
class SameType<list<string> ops> : Rule<"sameType", "$0: one type", ops>;
class ElementIs<list<string> ops, list<Element> e> : Rule<"elementIs", "$0: element type $1", ops, !foreach(x, e, x.name)> {
  let wordsAre = "Element";
}

class EqualityOnly<list<string> ops, list<Element> e>
    : Rule<"equalityOnly", "$0: elements of $1 are compared by eq and ne only", ops, !foreach(x, e, x.name)> {
  let wordsAre = "Element";
}
class MaskRoom<string mask, string data>
    : Rule<"maskRoom", "$0: a row of the first has room for one bit per valid column of the second, in whole repeats of 256 bytes", [mask, data]>;
class MaskHolds<string mask, string data>
    : Rule<"maskHolds", "$0: a row of the first holds one bit per valid column of the second", [mask, data]>;
class PartialValid<string src0, string src1, string dst>
    : Rule<"partialValid", "$0: no source reaches beyond the valid region of the last, and one covers it", [src0, src1, dst]>;
// The library writes the first before it reads the second.
class Disjoint<string dst, string late> : Rule<"disjoint", "$0: tiles that share no bytes", [dst, late]>;
// Scratch that later grammars may leave out and the library may not (library 3.5); level1 and level2 add it.
class ScratchRows<string tmp, string as_, int rows_>
    : Rule<"scratchRows", "$0: the scratch is given and holds $1 rows (0: all, -2: half) of the valid columns of the other", [tmp, as_], [], [rows_]>;
class ScratchBytes<string tmp, int bytes> : Rule<"scratchBytes", "$0: given, of at least $1 bytes", [tmp], [], [bytes]>;
class CountScratch<string tmp, string dst>
    : Rule<"countScratch", "$0: the scratch, where it is given, has 1792 bytes for elements of 2 bytes and 768 for others", [tmp, dst]>;
// As many as the other has, where its elements are floats; integers do without.
class ScratchForFloats<string tmp, string as_>
    : Rule<"scratchForFloats", "$0: for floats the scratch is given and holds all valid elements of the other", [tmp, as_]>;
class RemainderScratch<string tmp, string dst>
    : Rule<"remainderScratch", "$0: the scratch is given and holds a row of the other and a mask behind it", [tmp, dst]>;
class QuantizedTo<string dst, string offset>
    : Rule<"quantizedTo", "$0: i8 without offset for INT8_SYM, ui8 with one for INT8_ASYM", [dst, offset]>;
class ValuePerRow<string values, string as_>
    : Rule<"valuePerRow", "$0: one valid column, with the valid rows of the other; on a3 not row_major", [values, as_]>;
class ConvertScratch<string tmp, string src, string dst>
    : Rule<"convertScratch", "$0: room for the intermediate values of a conversion without saturation", [tmp, src, dst]>;

//===----------------------------------------------------------------------===//
// Library calls with flags inside: what they do, step by step (library 5)
//===----------------------------------------------------------------------===//

// One form of a call. Steps, in order:
//   "MTE2: src -> ping"      an access: pipe, what it reads, what it writes (commas between several)
//   "MTE2 upper: src -> ping", "MTE2 lower: ..."   the same on the first or second half of the rows of its tiles
//   "MTE2 signals: src -> "  a message between cores that is queued on the pipe: it leaves when everything earlier on the
//                            pipe is complete, or holds back everything later, so only other pipes can collide with it
//   "set MTE2>MTE3 0", "wait MTE2>MTE3 0", "barrier ALL"
//   "loop {" ... "}"         the steps inside run once or more; "loop? {" ... "}" any number of times
// `name` is what the selector (lib/Analysis/MicroForms.cpp) returns for a call whose shapes are known; when they are not,
// every form that the selector cannot exclude is a branch of the model.
class Form<string n, list<string> s> {
  string name = n;
  list<string> steps = s;
}

//===----------------------------------------------------------------------===//
// Meaning
//===----------------------------------------------------------------------===//

class Semantics {
  string expr = "";
  string kernel = "";
  string engine = "";
}
// Per element of the valid region; an expression over the names of the input operands.
class Map<string e> : Semantics { let expr = e; }
// A kernel of the simulator, by name (lib/Sim/Kernels).
class Kernel<string k> : Semantics { let kernel = k; }
// Built into the simulator's engine or decoded away (views, flags, control); `e` says what it means, for the page.
class Engine<string e> : Semantics { let engine = e; }

//===----------------------------------------------------------------------===//
// The record
//===----------------------------------------------------------------------===//

include "ptoas/IR/Interfaces.td"

// The result, where the text has one, is `dst` by another name; parseProgram() replaces it.
def ReturnsDestination : NativeOpTrait<"ReturnsDestination"> { let cppNamespace = "::pto"; }
defvar DestinationResult = " (`->` qualified(type($result))^)?";

class PtoOp<string mnemonic, list<Trait> traits = []>
    : Op<Pto_Dialect, mnemonic, !listconcat([RecordOp], traits)> {
  Pipe pipe = ?;                 // a pipe, NoPipe, ByRoute or ByMicro
  list<Route> routes = [];       // with ByRoute
  list<Form> micro = [];         // with ByMicro, or for calls that use flags inside
  list<On> types = [];           // element types per arch, of the operands that an ElementsOf rule names
  list<Rule> rules = [];
  // The C++ statement: $x an operand or attribute, $?x one that may be absent (its comma goes with it), <?x> a template
  // argument that is printed when x is present and not its default, {x} a helper of Target/Cpp/Helpers.cpp.
  string cpp = "";
  Semantics semantics = ?;
  // Operands that the call addresses by their physical extents, beyond valid region and window; scratch always counts as such.
  list<string> wholeTiles = [];
  // What the library's pages leave open and the simulator has chosen: the page of the operation and the report of a run say so.
  string modelled = "";
  string since = "0.41";         // grammar version that introduced it
  string until = "";             // last version that had it
  list<string> was = [];         // old spellings that still parse
  string family = "";            // the reference page it stands on; default: by file
  string example = "";           // a snippet for the page
}

// Text of `ins(%a, %b[, %tmp] : A, B[, T]) outs(%c : C)`.
class InsOptionalScratch<list<string> ins_, string tmp, list<string> outs_> {
  string text = "`ins` `(` " # !interleave(!foreach(x, ins_, "$" # x), " `,` ") # " (`,` $" # tmp # "^)? `:` "
              # !interleave(!foreach(x, ins_, "qualified(type($" # x # "))"), " `,` ") # " (`,` qualified(type($" # tmp # "))^)? `)` `outs` `(` "
              # !interleave(!foreach(x, outs_, "$" # x), " `,` ") # " `:` "
              # !interleave(!foreach(x, outs_, "qualified(type($" # x # "))"), " `,` ") # " `)` attr-dict";
}
// Text of `ins(%a, %b : A, B) outs(%c : C)` for fixed operands.
class InsOuts<list<string> ins_, list<string> outs_> {
  string text = "`ins` `(` " # !interleave(!foreach(x, ins_, "$" # x), " `,` ") # " `:` "
              # !interleave(!foreach(x, ins_, "qualified(type($" # x # "))"), " `,` ") # " `)` `outs` `(` "
              # !interleave(!foreach(x, outs_, "$" # x), " `,` ") # " `:` "
              # !interleave(!foreach(x, outs_, "qualified(type($" # x # "))"), " `,` ") # " `)` attr-dict";
}

#endif // PTOAS_IR_BASE
