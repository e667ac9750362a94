//===- Scalar.td - Pointers as numbers, elements of tiles, variables -*- tablegen -*-===//
//
// What the scalar unit does besides arithmetic. Reads of variables are snapshots: their value is taken where the
// operation stands, whatever is written later.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_IR_OPS_SCALAR
#define PTOAS_IR_OPS_SCALAR

include "ptoas/IR/Types.td"
include "ptoas/IR/Attrs.td"

//===----------------------------------------------------------------------===//
// Pointers as numbers
//===----------------------------------------------------------------------===//

class PointerCast<string mnemonic> : PtoOp<mnemonic, [Pure]> {
  let family = "scalar";
  let pipe = NoPipe;
  let since = "0.48";
  let cpp = "({resultType})$source";
}
def CastPtrOp : PointerCast<"castptr"> {
  let summary = "A pointer as another pointer or as an integer, or an integer as a pointer.";
  let arguments = (ins AnyTypeOf<[Pointer, AnyInteger]>:$source);
  let results = (outs AnyTypeOf<[Pointer, AnyInteger]>:$result);
  let assemblyFormat = "$source attr-dict `:` qualified(type($source)) `->` qualified(type($result))";
  let hasVerifier = 1; // one side is a pointer, both name one memory, integers have 64 bits
  let semantics = Engine<"the same address, counted in bytes where it is an integer">;
}
def PtrToIntOp : PointerCast<"ptrtoint"> {
  let summary = "The address that a pointer holds, in bytes.";
  let arguments = (ins Pointer:$source);
  let results = (outs I64:$result);
  let assemblyFormat = "$source attr-dict `:` qualified(type($source)) `->` qualified(type($result))";
  let semantics = Engine<"result = address of source">;
}
def IntToPtrOp : PointerCast<"inttoptr"> {
  let summary = "A pointer to an address in bytes.";
  let arguments = (ins I64:$source);
  let results = (outs Pointer:$result);
  let assemblyFormat = "$source attr-dict `:` qualified(type($source)) `->` qualified(type($result))";
  let semantics = Engine<"result points to the address source">;
}

//===----------------------------------------------------------------------===//
// Elements of tiles
//===----------------------------------------------------------------------===//

def TSetValOp : PtoOp<"tsetval"> {
  let summary = "Writes one element of a tile on the scalar unit.";
  let family = "scalar";
  let description = [{The offset counts elements of the tile's storage. The other elements stay, so that the tile is read too.}];
  let arguments = (ins Index:$offset, ScalarValue:$val, InOut<>:$dst);
  let assemblyFormat = InsOuts<["offset", "val"], ["dst"]>.text;
  let pipe = PipeS;
  let rules = [Tiles<["dst"]>, InSpace<["dst"], [SpaceVec]>, ScalarIsElementOf<"val", "dst">, ElementInside<"offset", "dst">];
  let wholeTiles = ["dst"];
  let cpp = "$dst.SetValue($offset, $val)";
  let semantics = Engine<"element number offset of dst = val">;
  let example = "pto.tsetval ins(%i, %x : index, f32) outs(%t : !pto.tile_buf<vec, 16x64xf32>)";
}
def TGetValOp : PtoOp<"tgetval",
    [TypesMatchWith<"the result has the element type of the tile", "src", "result", "pto::elementOfTile($_self)">]> {
  let summary = "Reads one element of a tile on the scalar unit.";
  let family = "scalar";
  let arguments = (ins In<>:$src, Index:$offset);
  let results = (outs ScalarValue:$result);
  let assemblyFormat = [{
    `ins` `(` $src `,` $offset `:` qualified(type($src)) `,` qualified(type($offset)) `)` `outs` `:` type($result) attr-dict
  }];
  let pipe = PipeS;
  let rules = [Tiles<["src"]>, InSpace<["src"], [SpaceVec]>, ElementInside<"offset", "src">];
  let wholeTiles = ["src"];
  let cpp = "$src.GetValue($offset)";
  let semantics = Engine<"result = element number offset of src">;
  let example = "%x = pto.tgetval ins(%t, %i : !pto.tile_buf<vec, 16x64xf32>, index) outs : f32";
}

//===----------------------------------------------------------------------===//
// Arrays and structs
//===----------------------------------------------------------------------===//

class VariableOp<string mnemonic> : PtoOp<mnemonic> {
  let family = "scalar";
  let pipe = NoPipe;
}
class ReadVariable<Type t> : Arg<t, "read", [MemRead<ScalarMemory>]>;
class WrittenVariable<Type t> : Arg<t, "written", [MemWrite<ScalarMemory>]>;
class Declared<Type t> : Res<t, "declared", [MemAlloc<ScalarMemory>]>;

def DeclareLocalArrayOp : VariableOp<"declare_local_array"> {
  let summary = "An array of the scalar unit; its elements are undefined.";
  let results = (outs Declared<LocalArray>:$array);
  let assemblyFormat = "attr-dict `->` qualified(type($array))";
  let semantics = Engine<"names an array whose contents are undefined">;
}
def LocalArrayGetOp : VariableOp<"local_array_get"> {
  let summary = "Reads an element of a local array.";
  let arguments = (ins ReadVariable<LocalArray>:$array, Variadic<Index>:$indices);
  let results = (outs ScalarValue:$value);
  let assemblyFormat = "$array `[` $indices `]` attr-dict `:` qualified(type($array)) `->` type($value)";
  let hasVerifier = 1; // one index per dimension, constant ones inside; the element type
  let cpp = "$array{subscripts}";
  let semantics = Engine<"value = array[indices], as it is now">;
  let example = "%x = pto.local_array_get %a[%i, %j] : !pto.local_array<2x3xf32> -> f32";
}
def LocalArraySetOp : VariableOp<"local_array_set"> {
  let summary = "Writes an element of a local array.";
  let arguments = (ins WrittenVariable<LocalArray>:$array, Variadic<Index>:$indices, ScalarValue:$value);
  let assemblyFormat = "$array `[` $indices `]` `,` $value attr-dict `:` qualified(type($array)) `,` type($value)";
  let hasVerifier = 1; // as local_array_get
  let cpp = "$array{subscripts} = $value";
  let semantics = Engine<"array[indices] = value">;
}

def DeclareEventIdArrayOp : VariableOp<"declare_eventid_array"> {
  let summary = "An array of event ids; its elements are undefined.";
  let results = (outs Declared<EventIdArray>:$array);
  let assemblyFormat = "attr-dict `->` qualified(type($array))";
  let semantics = Engine<"names an array whose contents are undefined">;
}
def EventIdArrayGetOp : VariableOp<"eventid_array_get"> {
  let summary = "Reads an event id.";
  let arguments = (ins ReadVariable<EventIdArray>:$array, Index:$index);
  let results = (outs Index:$value);
  let assemblyFormat = "$array `[` $index `]` attr-dict `:` qualified(type($array))";
  let hasVerifier = 1; // a constant index lies inside
  let cpp = "$array[$index]";
  let semantics = Engine<"value = array[index], as it is now">;
}
def EventIdArraySetOp : VariableOp<"eventid_array_set"> {
  let summary = "Writes an event id.";
  let arguments = (ins WrittenVariable<EventIdArray>:$array, Index:$index, Index:$value);
  let assemblyFormat = "$array `[` $index `]` `,` $value attr-dict `:` qualified(type($array))";
  let hasVerifier = 1; // as eventid_array_get
  let cpp = "$array[$index] = $value";
  let semantics = Engine<"array[index] = value">;
}

def DeclareStructOp : VariableOp<"declare_struct"> {
  let summary = "A struct of the scalar unit; its fields are undefined.";
  let since = "0.60";
  let results = (outs Declared<StructValue>:$structure);
  let assemblyFormat = "attr-dict `->` qualified(type($structure))";
  let semantics = Engine<"names a struct whose contents are undefined">;
}
def StructGetOp : VariableOp<"struct_get"> {
  let summary = "Reads a number inside a struct.";
  let since = "0.60";
  let arguments = (ins ReadVariable<StructValue>:$structure, DenseI64ArrayAttr:$path);
  let results = (outs ScalarValue:$value);
  let assemblyFormat = "$structure `` $path attr-dict `:` qualified(type($structure)) `->` type($value)";
  let hasVerifier = 1; // a struct declared here, a path that ends on a number of that type
  let cpp = "$structure{fields}";
  let semantics = Engine<"value = the field at path, as it is now">;
  let example = "%x = pto.struct_get %s[0, 1] : !pto.struct<!pto.struct<i32, f32>, i64> -> f32";
}
def StructSetOp : VariableOp<"struct_set"> {
  let summary = "Writes a number inside a struct.";
  let since = "0.60";
  let arguments = (ins WrittenVariable<StructValue>:$structure, DenseI64ArrayAttr:$path, ScalarValue:$value);
  let assemblyFormat = "$structure `` $path `,` $value attr-dict `:` qualified(type($structure)) `,` type($value)";
  let hasVerifier = 1; // as struct_get
  let cpp = "$structure{fields} = $value";
  let semantics = Engine<"the field at path = value">;
}

//===----------------------------------------------------------------------===//
// Looking at values
//===----------------------------------------------------------------------===//

defvar TileSpaces = ["Vec", "Mat", "Left", "Right", "Acc", "Bias", "Scaling"];
def TPrintOp : PtoOp<"tprint"> {
  let summary = "Prints the valid region of a tile, or a part of global memory.";
  let family = "debug";
  let description = [{
    Drains every pipe first, then reads on the scalar unit. 0.48 writes `printFormat` as a number, in the order of the cases.
  }];
  let arguments = (ins Arg<TileOrView, "read", [MemRead<TileMemory>]>:$src,
                       Arg<Optional<PartitionView>, "overwritten", [MemRead<GlobalMemory>, MemWrite<GlobalMemory>]>:$tmp,
                       DefaultValuedOptionalAttr<PrintFormatAttr, "::pto::PrintFormatKind::Width8_Precision4">:$printFormat);
  let hasCustomAssemblyFormat = 1; // the two spellings of printFormat
  let pipe = PipeS;
  let types = [On<A3, [E_I8, E_I16, E_I32, E_F16, E_F32]>, On<A5, [E_I8, E_I16, E_I32, E_F16, E_F32]>];
  let rules = [ElementsOf<"src">, When<IsIn<"src", TileSpaces>, Tiles<["src"]>>,
               When<IsIn<"src", TileSpaces>, InSpace<["src"], [SpaceVec]>>];
  let cpp = "TPRINT<?printFormat>($src, $?tmp)";
  let micro = [Form<"drained", ["barrier ALL", "S: src -> tmp"]>];
  let semantics = Kernel<"print">;
  let example = "pto.tprint ins(%t : !pto.tile_buf<vec, 16x64xf32>)";
}
def PrintOp : PtoOp<"print", [MemoryEffects<[MemRead<ScalarMemory>, MemWrite<ScalarMemory>]>]> {
  let summary = "Prints a number as printf does.";
  let family = "debug";
  let description = [{An empty format means `%f` for a float and `%d` for an integer.}];
  let arguments = (ins StrAttr:$format, ScalarValue:$scalar);
  let assemblyFormat = "`ins` `(` $format `,` $scalar `:` type($scalar) `)` attr-dict";
  let pipe = PipeS;
  let hasVerifier = 1; // one conversion, for this kind of number
  let cpp = "cce::printf({formatText}, {formatValue})";
  let semantics = Engine<"writes the number to the log of the run">;
}
def TrapOp : PtoOp<"trap", [MemoryEffects<[MemRead<ScalarMemory>, MemWrite<ScalarMemory>]>]> {
  let summary = "Stops the kernel.";
  let family = "debug";
  let assemblyFormat = "attr-dict";
  let pipe = PipeS;
  let cpp = "trap()";
  let semantics = Engine<"ends the run with a failure">;
}

#endif // PTOAS_IR_OPS_SCALAR
