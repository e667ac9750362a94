//===- Types.td - Types of the dialect --------------------------*- tablegen -*-===//
#ifndef PTOAS_IR_TYPES
#define PTOAS_IR_TYPES

include "ptoas/IR/Base.td"

class PtoType<string name, string mnemonic_, list<Trait> traits = []> : TypeDef<Pto_Dialect, name, traits> {
  let mnemonic = mnemonic_;
}

// Formats of eight and four bits that MLIR has no types for. A packed pair is one element (library 1.8).
class NumberType<string name, string mnemonic_, string what> : PtoType<name, mnemonic_> { let summary = what; }
def HiF8Type : NumberType<"HiF8", "hif8", "An 8-bit float whose exponent has 0 to 4 bits.">;
def F8E8M0Type : NumberType<"F8E8M0", "f8E8M0", "A power of two: the scale of a group of numbers.">;
def F4E1M2x2Type : NumberType<"F4E1M2x2", "f4E1M2x2", "Two floats of 1 exponent and 2 mantissa bits in a byte.">;
def F4E2M1x2Type : NumberType<"F4E2M1x2", "f4E2M1x2", "Two floats of 2 exponent bits and 1 mantissa bit in a byte.">;

def PtrType : PtoType<"Ptr", "ptr"> {
  let summary = "A pointer; `!pto.ptr<f32>` means global memory, `!pto.ptr<f32, gm>` is printed.";
  let parameters = (ins "::mlir::Type":$elementType, "::pto::Space":$space);
  let builders = [TypeBuilderWithInferredContext<(ins "::mlir::Type":$elementType), [{
    return $_get(elementType.getContext(), elementType, ::pto::Space::GM);
  }]>];
  let hasCustomAssemblyFormat = 1;
}

class ShapedViewType<string name, string mnemonic_> : PtoType<name, mnemonic_> {
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape, "::mlir::Type":$elementType);
  let hasCustomAssemblyFormat = 1;
  let extraClassDeclaration = [{
    int64_t getRank() const { return getShape().size(); }
    bool hasStaticShape() const { return !::mlir::ShapedType::isDynamicShape(getShape()); }
  }];
}
def TensorViewType : ShapedViewType<"TensorView", "tensor_view"> {
  let summary = "A strided tensor in global memory; `?` is an extent known at run time.";
}
def PartitionTensorViewType : ShapedViewType<"PartitionTensorView", "partition_tensor_view"> {
  let summary = "A rectangular part of a tensor view.";
}

def LegacyTileType : ShapedViewType<"LegacyTile", "tile"> {
  let summary = "A tile without a memory, of early versions: read and printed, but no operation takes one.";
}

def TileBufType : PtoType<"TileBuf", "tile_buf"> {
  let summary = "A two-dimensional tile in on-chip memory.";
  let description = [{
    Two textual forms, one printed:
    `!pto.tile_buf<vec, 16x64xf32, valid=16x?, blayout=col_major, slayout=row_major, fractal=512, pad=0, compact=0>` and the
    long form with `loc= dtype= rows= cols= v_row= v_col= blayout= slayout= fractal= pad=` in this order. Extents count
    elements; a valid extent of `?` is known at run time. Fractal is the size in bytes of the inner box: 32, 512 or 1024.
    A tile in `scaling` with boxes of 32 bytes holds the scales of a left (slayout row_major) or right (col_major) operand.
  }];
  let parameters = (ins "::pto::Space":$space, "::mlir::Type":$elementType, "int64_t":$rows, "int64_t":$cols,
                        "int64_t":$validRows, "int64_t":$validCols, "::pto::BLayout":$blayout,
                        "::pto::SLayout":$slayout, "int32_t":$fractal,
                        "::pto::PadValue":$pad, "::pto::CompactMode":$compact);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// A valid extent that is known only at run time.
    static constexpr int64_t dynamic = -1;
    bool hasDynamicValidRows() const { return getValidRows() == dynamic; }
    bool hasDynamicValidCols() const { return getValidCols() == dynamic; }
    /// The type as plain data, for the planner, the sync model and the simulator.
    ::pto::TileShape getTileShape() const;
  }];
}

def MultiTileBufType : PtoType<"MultiTileBuf", "multi_tile_buf"> {
  let summary = "A ring of 2 to 16 equal tiles, one behind the other.";
  let description = [{
    Printed as `!pto.multi_tile_buf<!pto.tile_buf<vec, 16x64xf32>, count=3>`; `!pto.multi_tile_buf<vec, 16x64xf32, count=3>`,
    with the options of a tile before or behind the count, is read too.
  }];
  let parameters = (ins "::pto::TileBufType":$slot, "int64_t":$count);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// Bytes from one slot to the next: a tile, rounded up to the alignment of its memory.
    uint64_t getStride() const;
    /// Bytes from the first byte of slot 0 to one past the last byte of the last slot.
    uint64_t getBytes() const;
  }];
}

//===----------------------------------------------------------------------===//
// Variables of the scalar unit
//===----------------------------------------------------------------------===//

def LocalArrayType : PtoType<"LocalArray", "local_array"> {
  let summary = "An array on the stack of the scalar unit: `!pto.local_array<2x3xf32>`.";
  let parameters = (ins ArrayRefParameter<"int64_t">:$shape, "::mlir::Type":$elementType);
  let hasCustomAssemblyFormat = 1;
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    int64_t getNumElements() const;
  }];
}
def EventIdArrayType : PtoType<"EventIdArray", "eventid_array"> {
  let summary = "As many event ids as it says, on the stack of the scalar unit.";
  let parameters = (ins "int64_t":$size);
  let assemblyFormat = "`<` $size `>`";
  let genVerifyDecl = 1;
}
def StructType : PtoType<"Struct", "struct"> {
  let summary = "A record on the stack of the scalar unit; fields are numbers or structs.";
  let parameters = (ins ArrayRefParameter<"::mlir::Type">:$fields);
  let assemblyFormat = "`<` $fields `>`";
  let genVerifyDecl = 1;
  let extraClassDeclaration = [{
    /// The type at `path`, outermost index first; null when the path leaves the struct.
    ::mlir::Type at(::llvm::ArrayRef<int64_t> path) const;
    /// Numbers in it, those of nested structs included.
    int64_t getNumScalars() const;
  }];
}

//===----------------------------------------------------------------------===//
// Asynchronous transfers
//===----------------------------------------------------------------------===//

def AsyncSessionType : PtoType<"AsyncSession", "async_session"> {
  let summary = "The queues through which asynchronous transfers go.";
}
def PrefetchAsyncContextType : PtoType<"PrefetchAsyncContext", "prefetch_async_context"> {
  let summary = "What asynchronous prefetches share: their workspace and session.";
}
def AsyncEventType : PtoType<"AsyncEvent", "async_event"> {
  let summary = "The completion of one asynchronous transfer.";
}

def PipeHandleType : PtoType<"PipeHandle", "pipe"> {
  let summary = "A ring of slots between the cube core and the vector cores of a block: the result of an initialize op.";
}

#endif // PTOAS_IR_TYPES
