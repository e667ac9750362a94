//===- View.td - Pointers, tensor views -------------------------*- tablegen -*-===//
#ifndef PTOAS_IR_OPS_VIEW
#define PTOAS_IR_OPS_VIEW

include "ptoas/IR/Types.td"
include "ptoas/IR/Attrs.td"

class ViewOp<string mnemonic, list<Trait> traits = []> : PtoOp<mnemonic, traits> {
  let pipe = NoPipe;
  let family = "view";
}

def AddPtrOp : ViewOp<"addptr", [Pure, AllTypesMatch<["ptr", "result"]>]> {
  let summary = "Moves a pointer by a number of elements.";
  let arguments = (ins Pointer:$ptr, Index:$offset);
  let results = (outs Pointer:$result);
  let assemblyFormat = "$ptr `,` $offset attr-dict `:` type($ptr) `->` type($result)";
  let semantics = Engine<"result = ptr + offset elements">;
  let cpp = "$ptr + $offset";
}

def LoadScalarOp : PtoOp<"load_scalar",
    [TypesMatchWith<"value type is the pointer's element type", "ptr", "value", "pto::pointee($_self)">]> {
  let summary = "Reads one element through a pointer, on the scalar unit.";
  let arguments = (ins Arg<Pointer, "read through the scalar cache", [MemRead<GlobalMemory>]>:$ptr, Index:$offset);
  let results = (outs ScalarValue:$value);
  let assemblyFormat = "$ptr `[` $offset `]` attr-dict `:` qualified(type($ptr)) `->` qualified(type($value))";
  let pipe = PipeS;
  let family = "scalar";
  let semantics = Engine<"value = ptr[offset]">;
  let cpp = "$ptr[$offset]";
}

def StoreScalarOp : PtoOp<"store_scalar",
    [TypesMatchWith<"value type is the pointer's element type", "ptr", "value", "pto::pointee($_self)">]> {
  let summary = "Writes one element through a pointer, on the scalar unit.";
  let arguments = (ins ScalarValue:$value, Arg<Pointer, "written through the scalar cache", [MemWrite<GlobalMemory>]>:$ptr,
                       Index:$offset);
  let assemblyFormat = "$value `,` $ptr `[` $offset `]` attr-dict `:` qualified(type($ptr)) `,` qualified(type($value))";
  let pipe = PipeS;
  let family = "scalar";
  let semantics = Engine<"ptr[offset] = value">;
  let cpp = "$ptr[$offset] = $value";
}

def MakeTensorViewOp : ViewOp<"make_tensor_view", [Pure, AttrSizedOperandSegments,
    TypesMatchWith<"pointer has the element type of the view", "result", "ptr", "pto::pointerTo($_self)">]> {
  let summary = "Describes global memory as a strided tensor.";
  let description = [{Shape and strides count elements; there is one of each per dimension, outermost first.}];
  let arguments = (ins Pointer:$ptr, Variadic<Index>:$shape, Variadic<Index>:$strides, OptionalAttr<LayoutAttr>:$layout);
  let results = (outs TensorView:$result);
  let assemblyFormat = [{
    $ptr `,` custom<ShapeAndStrides>($shape, $strides) attr-dict `:` qualified(type($result))
  }];
  let hasVerifier = 1; // list lengths against the rank, static extents against constant operands
  let semantics = Engine<"element (i0, i1, ...) of result is ptr[i0*strides[0] + i1*strides[1] + ...]">;
}

def PartitionViewOp : ViewOp<"partition_view", [Pure, AttrSizedOperandSegments]> {
  let summary = "A rectangular part of a tensor view.";
  let arguments = (ins TensorView:$source, Variadic<Index>:$offsets, Variadic<Index>:$sizes);
  let results = (outs PartitionView:$result);
  let hasCustomAssemblyFormat = 1;
  let hasVerifier = 1; // lists against the rank, constant windows against static extents
  let semantics = Engine<"element (i0, ...) of result is element (offsets[0] + i0, ...) of source">;
}

def GetTensorViewDimOp : ViewOp<"get_tensor_view_dim", [Pure]> {
  let summary = "The extent of one dimension of a view.";
  let arguments = (ins GlobalView:$source, Index:$dim);
  let results = (outs Index:$result);
  let assemblyFormat = "$source `,` $dim attr-dict `:` qualified(type($source)) `->` qualified(type($result))";
  let hasVerifier = 1; // a constant dimension that the view has
  let semantics = Engine<"result = shape of source along dim">;
}

def GetTensorViewStrideOp : ViewOp<"get_tensor_view_stride", [Pure]> {
  let summary = "The stride of one dimension of a view, in elements.";
  let arguments = (ins GlobalView:$source, Index:$dim);
  let results = (outs Index:$result);
  let assemblyFormat = "$source `,` $dim attr-dict `:` qualified(type($source)) `->` qualified(type($result))";
  let hasVerifier = 1; // a constant dimension that the view has
  let semantics = Engine<"result = stride of source along dim, in elements">;
  let since = "0.48";
}

#endif // PTOAS_IR_OPS_VIEW
