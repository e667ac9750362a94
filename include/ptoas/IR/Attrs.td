//===- Attrs.td - Enumerations of the dialect -------------------*- tablegen -*-===//
//
// Two textual families (library 8.1): Angle prints `#pto.name<case>`, Spaced prints `#pto<name case>`; each is read in both
// spellings. `cpp` is the prefix of the library's enumerator; the case's symbol follows it, so a symbol is spelled as the library spells it.
//
//===----------------------------------------------------------------------===//
#ifndef PTOAS_IR_ATTRS
#define PTOAS_IR_ATTRS

include "ptoas/IR/Base.td"

class PtoEnum<string name, string summary, list<I32EnumAttrCase> cases> : I32EnumAttr<name, summary, cases> {
  let cppNamespace = "::pto";
  let genSpecializedAttr = 0;
}
class CppName<string p> { string cpp = p; }
class Angle<EnumAttrInfo e, string mnemonic_, string cpp> : EnumAttr<Pto_Dialect, e, mnemonic_>, CppName<cpp> {
  let cppClassName = NAME;
  let storageClass = NAME # "Storage";
  let assemblyFormat = "`` custom<AngleCase>($value)";
}
class Spaced<EnumAttrInfo e, string mnemonic_, string cpp> : EnumAttr<Pto_Dialect, e, mnemonic_>, CppName<cpp> {
  let cppClassName = NAME;
  let storageClass = NAME # "Storage";
  let assemblyFormat = "custom<SpacedCase>($value)";
}

def PipeKind : PtoEnum<"PipeKind", "A pipe of a core", [
  I32EnumAttrCase<"PIPE_S", 0>, I32EnumAttrCase<"PIPE_V", 1>, I32EnumAttrCase<"PIPE_M", 2>, I32EnumAttrCase<"PIPE_MTE1", 3>,
  I32EnumAttrCase<"PIPE_MTE2", 4>, I32EnumAttrCase<"PIPE_MTE3", 5>, I32EnumAttrCase<"PIPE_ALL", 6>,
  I32EnumAttrCase<"PIPE_FIX", 10>]>;
def PipeAttr : Angle<PipeKind, "pipe", "">;

def EventKind : PtoEnum<"EventKind", "An event id", !foreach(i, !range(8), I32EnumAttrCase<"EVENT_ID" # i, i>)>;
def EventAttr : Angle<EventKind, "event", "">;

// What upstream's record_event names instead of a pipe (library 8.2).
def PipeEventKind : PtoEnum<"PipeEventKind", "A class of operations that stands for its pipe", [
  I32EnumAttrCase<"TLOAD", 0>, I32EnumAttrCase<"TSTORE_ACC", 1>, I32EnumAttrCase<"TSTORE_VEC", 2>, I32EnumAttrCase<"TMOV_M2L", 3>,
  I32EnumAttrCase<"TMOV_M2S", 4>, I32EnumAttrCase<"TMOV_M2B", 5>, I32EnumAttrCase<"TMOV_M2V", 6>, I32EnumAttrCase<"TMOV_V2M", 7>,
  I32EnumAttrCase<"TMATMUL", 8>, I32EnumAttrCase<"TVEC", 9>, I32EnumAttrCase<"TVECWAIT_EVENT", 10>]>;
def PipeEventTypeAttr : Angle<PipeEventKind, "pipe_event_type", "">;
def SyncOpTypeAttr : Angle<PipeEventKind, "sync_op_type", "">;

def LayoutKind : PtoEnum<"LayoutKind", "Layout of a global tensor", [
  I32EnumAttrCase<"ND", 0, "nd">, I32EnumAttrCase<"DN", 1, "dn">, I32EnumAttrCase<"NZ", 2, "nz">,
  I32EnumAttrCase<"MX_A_ZZ", 3, "mx_a_zz">, I32EnumAttrCase<"MX_B_NN", 4, "mx_b_nn">]>;
def LayoutAttr : Angle<LayoutKind, "layout", "pto::Layout::">;

def AddressSpaceKind : PtoEnum<"AddressSpaceKind", "A memory", [
  I32EnumAttrCase<"Zero", 0, "zero">, I32EnumAttrCase<"Gm", 1, "gm">, I32EnumAttrCase<"Mat", 2, "mat">,
  I32EnumAttrCase<"Left", 3, "left">, I32EnumAttrCase<"Right", 4, "right">, I32EnumAttrCase<"Acc", 5, "acc">,
  I32EnumAttrCase<"Vec", 6, "vec">, I32EnumAttrCase<"Bias", 7, "bias">, I32EnumAttrCase<"Scaling", 8, "scaling">]>;
def AddressSpaceAttr : Angle<AddressSpaceKind, "address_space", "">;

def KernelKind : PtoEnum<"KernelKind", "The core kind of a function", [
  I32EnumAttrCase<"Cube", 0, "cube">, I32EnumAttrCase<"Vector", 1, "vector">]>;
def KernelKindAttr : Angle<KernelKind, "kernel_kind", "">;

def FenceScopeKind : PtoEnum<"FenceScopeKind", "What a fence covers", [
  I32EnumAttrCase<"LocalMemory", 0, "local_memory">, I32EnumAttrCase<"Gm", 1, "gm">, I32EnumAttrCase<"All", 2, "all">]>;
def FenceScopeAttr : Angle<FenceScopeKind, "fence_scope", "">;

// The numbers skip 1 as in the library (library 1.5).
def AccPhaseKind : PtoEnum<"AccPhaseKind", "Unit-flag phase of a matrix product", [
  I32EnumAttrCase<"Unspecified", 0, "unspecified">, I32EnumAttrCase<"Partial", 2, "partial">, I32EnumAttrCase<"Final", 3, "final">]>;
def AccPhaseAttr : Spaced<AccPhaseKind, "acc_phase", "pto::AccPhase::">;
def StPhaseKind : PtoEnum<"StPhaseKind", "Unit-flag phase of a store", [
  I32EnumAttrCase<"Unspecified", 0, "unspecified">, I32EnumAttrCase<"Partial", 2, "partial">, I32EnumAttrCase<"Final", 3, "final">]>;
def StPhaseAttr : Spaced<StPhaseKind, "st_phase", "pto::STPhase::">;

def AtomicKind : PtoEnum<"AtomicKind", "How a store combines with memory", [
  I32EnumAttrCase<"AtomicNone", 0, "atomic_none">, I32EnumAttrCase<"AtomicAdd", 1, "atomic_add">]>;
def AtomicTypeAttr : Spaced<AtomicKind, "atomic_type", "pto::AtomicType::">;

def ReluKind : PtoEnum<"ReluKind", "Relu before a store", [
  I32EnumAttrCase<"NoRelu", 0, "no_relu">, I32EnumAttrCase<"NormalRelu", 1, "normal_relu">]>;
def ReluPreModeAttr : Spaced<ReluKind, "relu_pre_mode", "pto::ReluPreMode::">;

// What a push from the accumulator does to the values on their way out; the numbers are the library's (library 9).
def EpilogueLayoutKind : PtoEnum<"EpilogueLayoutKind", "Layout that a push writes", [
  I32EnumAttrCase<"NZ2ND", 0, "nz2nd">, I32EnumAttrCase<"NZ2DN", 1, "nz2dn">, I32EnumAttrCase<"NZ2NZ", 2, "nz2nz">]>;
def EpilogueQuantKind : PtoEnum<"EpilogueQuantKind", "Conversion of a push", [
  I32EnumAttrCase<"NoConvert", 0, "no_convert">, I32EnumAttrCase<"F32ToF16", 1, "f32_f16">, I32EnumAttrCase<"F32ToBf16", 2, "f32_bf16">,
  I32EnumAttrCase<"Req8Scalar", 3, "req8_scalar">, I32EnumAttrCase<"Req8Vec", 4, "req8_vec">,
  I32EnumAttrCase<"Deqf16Scalar", 5, "deqf16_scalar">, I32EnumAttrCase<"Deqf16Vec", 6, "deqf16_vec">,
  I32EnumAttrCase<"Qf322b8Scalar", 7, "qf322b8_pre_scalar">, I32EnumAttrCase<"Qf322b8Vec", 8, "qf322b8_pre_vec">,
  I32EnumAttrCase<"Qf322f16Scalar", 9, "qf322f16_pre_scalar">, I32EnumAttrCase<"Qf322bf16Scalar", 10, "qf322bf16_pre_scalar">,
  I32EnumAttrCase<"Qs322bf16Scalar", 11, "qs322bf16_pre_scalar">, I32EnumAttrCase<"Qs322bf16Vec", 12, "qs322bf16_pre_vec">,
  I32EnumAttrCase<"Qf322hif8Scalar", 13, "qf322hif8_pre_scalar">, I32EnumAttrCase<"Qf322fp8Scalar", 14, "qf322fp8_pre_scalar">]>;
def AccPushEpilogueAttr : AttrDef<Pto_Dialect, "AccPushEpilogue"> {
  let mnemonic = "acc_push_epilogue";
  let summary = "Layout, conversion and relu of a push from the accumulator.";
  let parameters = (ins EnumParameter<EpilogueLayoutKind>:$layout, EnumParameter<EpilogueQuantKind>:$quant,
                        EnumParameter<ReluKind>:$relu);
  let assemblyFormat = "`<` `layout` `=` $layout `,` `quant` `=` $quant `,` `relu` `=` $relu `>`";
}
def AccToVecKind : PtoEnum<"AccToVecKind", "Which vector core an accumulator goes to, or how both share it", [
  I32EnumAttrCase<"SingleModeVec0", 0, "single_mode_vec0">, I32EnumAttrCase<"SingleModeVec1", 1, "single_mode_vec1">,
  I32EnumAttrCase<"DualModeSplitM", 2, "dual_mode_split_m">, I32EnumAttrCase<"DualModeSplitN", 3, "dual_mode_split_n">]>;
def AccToVecModeAttr : Angle<AccToVecKind, "acc_to_vec_mode", "pto::AccToVecMode::">;

def TInsertKind : PtoEnum<"TInsertKind", "In how many parts a tile is inserted", [
  I32EnumAttrCase<"SPLIT2", 2, "split2">, I32EnumAttrCase<"SPLIT4", 3, "split4">]>;
def TInsertModeAttr : Angle<TInsertKind, "tinsert_mode", "pto::TInsertMode::">;

def MxGroupAxisKind : PtoEnum<"MxGroupAxisKind", "Along which axis scales form groups", [
  I32EnumAttrCase<"Axis0", 0, "axis0">, I32EnumAttrCase<"Axis1", 1, "axis1">]>;
def MxGroupAxisAttr : Spaced<MxGroupAxisKind, "mx_group_axis", "">;

// What tfillpad takes in L1; the pads of a tile's type are part of that type.
def PadKind : PtoEnum<"PadKind", "A padding value", [
  I32EnumAttrCase<"Null", 0, "null">, I32EnumAttrCase<"Zero", 1, "zero">]>;
def PadValueAttr : Angle<PadKind, "pad_value", "pto::PadValue::">;

def NotifyKind : PtoEnum<"NotifyKind", "How a signal changes", [
  I32EnumAttrCase<"AtomicAdd", 0, "atomic_add">, I32EnumAttrCase<"Set", 1, "set">]>;
def NotifyOpAttr : Spaced<NotifyKind, "notify_op", "pto::comm::NotifyOp::">;

// Another order than `cmp` (library 1.5).
def WaitCmpKind : PtoEnum<"WaitCmpKind", "What a signal is waited for", [
  I32EnumAttrCase<"EQ", 0, "eq">, I32EnumAttrCase<"NE", 1, "ne">, I32EnumAttrCase<"GT", 2, "gt">,
  I32EnumAttrCase<"GE", 3, "ge">, I32EnumAttrCase<"LT", 4, "lt">, I32EnumAttrCase<"LE", 5, "le">]>;
def WaitCmpAttr : Spaced<WaitCmpKind, "wait_cmp", "pto::comm::WaitCmp::">;

def CmpKind : PtoEnum<"CmpKind", "A comparison", [
  I32EnumAttrCase<"EQ", 0, "eq">, I32EnumAttrCase<"NE", 1, "ne">, I32EnumAttrCase<"LT", 2, "lt">,
  I32EnumAttrCase<"LE", 3, "le">, I32EnumAttrCase<"GT", 4, "gt">, I32EnumAttrCase<"GE", 5, "ge">]>;
def CmpModeAttr : Spaced<CmpKind, "cmp", "CmpMode::">;

// Two spellings of one mode: the library has no enumerator for the second.
class SpelledAs<string symbol, int value, string text, string cpp_> : I32EnumAttrCase<symbol, value, text> { string cpp = cpp_; }
def RoundKind : PtoEnum<"RoundKind", "How a conversion rounds", [
  I32EnumAttrCase<"CAST_NONE", 0, "NONE">, I32EnumAttrCase<"CAST_RINT", 1, "RINT">, I32EnumAttrCase<"CAST_ROUND", 2, "ROUND">,
  I32EnumAttrCase<"CAST_FLOOR", 3, "FLOOR">, I32EnumAttrCase<"CAST_CEIL", 4, "CEIL">, I32EnumAttrCase<"CAST_TRUNC", 5, "TRUNC">,
  I32EnumAttrCase<"CAST_ODD", 6, "ODD">, SpelledAs<"CAST_RINT_DEFAULT", 7, "CAST_RINT", "CAST_RINT">]>;
def RoundModeAttr : Spaced<RoundKind, "round_mode", "RoundMode::">;
def SaturationKind : PtoEnum<"SaturationKind", "What a conversion does beyond the range", [
  I32EnumAttrCase<"ON", 0>, I32EnumAttrCase<"OFF", 1>]>;
def SaturationModeAttr : Spaced<SaturationKind, "saturation_mode", "SaturationMode::">;

def QuantKind : PtoEnum<"QuantKind", "What a quantisation makes", [
  I32EnumAttrCase<"INT8_SYM", 0>, I32EnumAttrCase<"INT8_ASYM", 1>, I32EnumAttrCase<"MXFP8", 2>, I32EnumAttrCase<"MXFP4_E2M1", 3>]>;
def QuantTypeAttr : Spaced<QuantKind, "quant_type", "pto::QuantType::">;
def QuantScaleAlgKind : PtoEnum<"QuantScaleAlgKind", "How the scale of a group is found", [
  I32EnumAttrCase<"OCP", 0, "ocp">, I32EnumAttrCase<"NV", 1, "nv">]>;
def QuantScaleAlgAttr : Spaced<QuantScaleAlgKind, "quant_scale_alg", "pto::QuantScaleAlg::">;
def VecStoreModeKind : PtoEnum<"VecStoreModeKind", "The order in which numbers are left in UB", [
  I32EnumAttrCase<"ND", 0, "nd">, I32EnumAttrCase<"NZ", 1, "nz">]>;
def VecStoreModeAttr : Spaced<VecStoreModeKind, "vec_store_mode", "pto::VecStoreMode::">;
def PadModeKind : PtoEnum<"PadModeKind", "What a load would fill in", [
  I32EnumAttrCase<"PadNull", 0>, I32EnumAttrCase<"PadFirstElem", 1>, I32EnumAttrCase<"PadValue", 2>]>;
def PadModeAttr : Angle<PadModeKind, "padmode", "pto::PadMode::">;
// Read from right to left: which of two or four neighbours is meant.
def MaskPatternKind : PtoEnum<"MaskPatternKind", "A pattern of elements", [
  I32EnumAttrCase<"P0101", 1>, I32EnumAttrCase<"P1010", 2>, I32EnumAttrCase<"P0001", 3>, I32EnumAttrCase<"P0010", 4>,
  I32EnumAttrCase<"P0100", 5>, I32EnumAttrCase<"P1000", 6>, I32EnumAttrCase<"P1111", 7>]>;
def MaskPatternAttr : Angle<MaskPatternKind, "mask_pattern", "pto::MaskPattern::">;
def AxisKind : PtoEnum<"AxisKind", "Along what a pattern runs", [
  I32EnumAttrCase<"ROW", 0, "row">, I32EnumAttrCase<"COL", 1, "col">]>;
def GatherAxisAttr : Spaced<AxisKind, "gather_axis", "pto::GatherAxis::">;
def ScatterAxisAttr : Spaced<AxisKind, "scatter_axis", "pto::ScatterAxis::">;

def CoalesceKind : PtoEnum<"CoalesceKind", "What an index names", [I32EnumAttrCase<"Row", 0, "row">, I32EnumAttrCase<"Elem", 1, "elem">]>;
def CoalesceAttr : Spaced<CoalesceKind, "coalesce", "pto::Coalesce::">;
def GatherOobKind : PtoEnum<"GatherOobKind", "A read beyond the table", [
  I32EnumAttrCase<"Undefined", 0, "undefined">, I32EnumAttrCase<"Clamp", 1, "clamp">, I32EnumAttrCase<"Wrap", 2, "wrap">,
  I32EnumAttrCase<"Zero", 3, "zero">]>;
def GatherOobAttr : Spaced<GatherOobKind, "gather_oob", "pto::GatherOOB::">;
def ScatterOobKind : PtoEnum<"ScatterOobKind", "A write beyond the table", [
  I32EnumAttrCase<"Undefined", 0, "undefined">, I32EnumAttrCase<"Skip", 1, "skip">, I32EnumAttrCase<"Clamp", 2, "clamp">,
  I32EnumAttrCase<"Wrap", 3, "wrap">]>;
def ScatterOobAttr : Spaced<ScatterOobKind, "scatter_oob", "pto::ScatterOOB::">;
def ScatterAtomicKind : PtoEnum<"ScatterAtomicKind", "How a scatter combines with memory", [
  I32EnumAttrCase<"None", 0, "none">, I32EnumAttrCase<"Add", 1, "add">, I32EnumAttrCase<"Max", 2, "max">,
  I32EnumAttrCase<"Min", 3, "min">]>;
def ScatterAtomicOpAttr : Spaced<ScatterAtomicKind, "scatter_atomic_op", "pto::ScatterAtomicOp::">;
def ScatterConflictKind : PtoEnum<"ScatterConflictKind", "Who wins among equal indices", [
  I32EnumAttrCase<"Default", 0, "default">, I32EnumAttrCase<"Last", 1, "last">]>;
def ScatterConflictAttr : Spaced<ScatterConflictKind, "scatter_conflict", "pto::ScatterConflict::">;

class PrecisionKind<string symbol> : PtoEnum<symbol, "Precision of the algorithm", [
  I32EnumAttrCase<"DEFAULT", 0, "default">, I32EnumAttrCase<"HIGH_PRECISION", 1, "high_precision">]>;
def DivPrecisionKind : PrecisionKind<"DivPrecisionKind">;
def DivPrecisionAttr : Spaced<DivPrecisionKind, "div_precision", "pto::DivAlgorithm::">;
def FmodPrecisionKind : PrecisionKind<"FmodPrecisionKind">;
def FmodPrecisionAttr : Spaced<FmodPrecisionKind, "fmod_precision", "pto::FmodAlgorithm::">;
def RemPrecisionKind : PrecisionKind<"RemPrecisionKind">;
def RemPrecisionAttr : Spaced<RemPrecisionKind, "rem_precision", "pto::RemAlgorithm::">;
def PowPrecisionKind : PrecisionKind<"PowPrecisionKind">;
def PowPrecisionAttr : Spaced<PowPrecisionKind, "pow_precision", "pto::PowAlgorithm::">;
def ExpPrecisionKind : PrecisionKind<"ExpPrecisionKind">;
def ExpPrecisionAttr : Spaced<ExpPrecisionKind, "exp_precision", "pto::ExpAlgorithm::">;
def LogPrecisionKind : PrecisionKind<"LogPrecisionKind">;
def LogPrecisionAttr : Spaced<LogPrecisionKind, "log_precision", "pto::LogAlgorithm::">;
def SqrtPrecisionKind : PrecisionKind<"SqrtPrecisionKind">;
def SqrtPrecisionAttr : Spaced<SqrtPrecisionKind, "sqrt_precision", "pto::SqrtAlgorithm::">;
def RsqrtPrecisionKind : PrecisionKind<"RsqrtPrecisionKind">;
def RsqrtPrecisionAttr : Spaced<RsqrtPrecisionKind, "rsqrt_precision", "pto::RsqrtAlgorithm::">;
def RecipPrecisionKind : PrecisionKind<"RecipPrecisionKind">;
def RecipPrecisionAttr : Spaced<RecipPrecisionKind, "recip_precision", "pto::RecipAlgorithm::">;

def SyncAllModeKind : PtoEnum<"SyncAllModeKind", "How all cores meet", [
  I32EnumAttrCase<"Hard", 0, "hard">, I32EnumAttrCase<"Soft", 1, "soft">]>;
def SyncAllModeAttr : Angle<SyncAllModeKind, "sync_all_mode", "SyncAllMode::">;
def SyncCoreTypeKind : PtoEnum<"SyncCoreTypeKind", "Which cores meet", [
  I32EnumAttrCase<"AIVOnly", 0, "aiv_only">, I32EnumAttrCase<"AICOnly", 1, "aic_only">, I32EnumAttrCase<"Mix", 2, "mix">]>;
def SyncCoreTypeAttr : Angle<SyncCoreTypeKind, "sync_core_type", "SyncCoreType::">;

def ReduceKind : PtoEnum<"ReduceKind", "How the tensors of ranks combine", [
  I32EnumAttrCase<"Sum", 0, "sum">, I32EnumAttrCase<"Max", 1, "max">, I32EnumAttrCase<"Min", 2, "min">]>;
def ReduceOpAttr : Spaced<ReduceKind, "reduce_op", "pto::comm::ReduceOp::">;

def PrintFormatKind : PtoEnum<"PrintFormatKind", "Width and digits of a printed number", [
  I32EnumAttrCase<"Width8_Precision4", 0, "width8_precision4">, I32EnumAttrCase<"Width8_Precision2", 1, "width8_precision2">,
  I32EnumAttrCase<"Width10_Precision6", 2, "width10_precision6">]>;
def PrintFormatAttr : Spaced<PrintFormatKind, "print_format", "pto::PrintFormat::">;

#endif // PTOAS_IR_ATTRS
