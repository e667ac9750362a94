// Enumerations of the library. Values count where calls pass them as integers.
#pragma once
#include <cstdint>

namespace pto {

enum class TileType { Vec, Mat, Left, Right, Acc, Bias, Scaling, ScaleLeft, ScaleRight, Ctrl };
enum class BLayout { RowMajor = 0, ColMajor = 1 };
enum class SLayout { NoneBox = 0, RowMajor = 1, ColMajor = 2 };
/// A custom value has bit 32 set and its raw bits below.
enum class PadValue : uint64_t { Null = 0, Zero = 1, Max = 2, Min = 3 };
enum class CompactMode { Null, Normal, RowPlusOne, RowAlignedPadding };
enum class Layout {
  ND,
  DN,
  NZ,
  SCALE,
  MX_A_ND,
  MX_A_DN,
  MX_A_ZZ,
  MX_B_ND,
  MX_B_DN,
  MX_B_NN,
  HIF4_A_ZZ,
  HIF4_B_NN,
  NC1HWC0,
  GNC1HWC0,
  NCHW,
  GNCHW,
  NHWC,
  NDC1HWC0,
  NCDHW,
  FRACTAL_Z,
  FRACTAL_Z_S16S8,
  FRACTAL_Z_3D
};
enum class GlobalTensorDim { DIM_0, DIM_1, DIM_2, DIM_3, DIM_4 };

enum class CmpMode { EQ = 0, NE = 1, LT = 2, LE = 3, GT = 4, GE = 5 };
enum class RoundMode {
  CAST_NONE = 0,
  CAST_RINT = 1,
  CAST_ROUND = 2,
  CAST_FLOOR = 3,
  CAST_CEIL = 4,
  CAST_TRUNC = 5,
  CAST_ODD = 6
};
enum class SaturationMode { ON = 0, OFF = 1 };
enum class AtomicType { AtomicNone = 0, AtomicAdd = 1 };
enum class ReluPreMode { NoRelu = 0, NormalRelu = 1 };
enum class AccToVecMode {
  SingleModeVec0 = 0,
  SingleModeVec1 = 1,
  DualModeSplitM = 2,
  DualModeSplitN = 3
};
enum class STPhase { Unspecified = 0, Partial = 2, Final = 3 };
enum class AccPhase { Unspecified = 0, Partial = 2, Final = 3 };
enum class TFillPadMode { Normal = 0, InPlace = 1, Expand = 2 };
enum class TInsertMode { SPLIT2 = 2, SPLIT4 = 3 };
enum class SetFmatrixMode { FMATRIX_A_AUTO, FMATRIX_B_AUTO, FMATRIX_A_MANUAL, FMATRIX_B_MANUAL };
/// Read from right to left: P0101 keeps the even elements.
enum class MaskPattern {
  P0101 = 1,
  P1010 = 2,
  P0001 = 3,
  P0010 = 4,
  P0100 = 5,
  P1000 = 6,
  P1111 = 7
};

enum class DivAlgorithm { DEFAULT, HIGH_PRECISION };
enum class SqrtAlgorithm { DEFAULT, HIGH_PRECISION };
enum class RsqrtAlgorithm { DEFAULT, HIGH_PRECISION };
enum class RecipAlgorithm { DEFAULT, HIGH_PRECISION };
enum class ExpAlgorithm { DEFAULT, HIGH_PRECISION };
enum class LogAlgorithm { DEFAULT, HIGH_PRECISION };
enum class PowAlgorithm { DEFAULT, HIGH_PRECISION };
enum class FmodAlgorithm { DEFAULT, HIGH_PRECISION };
enum class FmodSAlgorithm { DEFAULT, HIGH_PRECISION };
enum class RemAlgorithm { DEFAULT, HIGH_PRECISION };
enum class RemSAlgorithm { DEFAULT, HIGH_PRECISION };

enum class Coalesce { Row = 0, Elem = 1 };
enum class GatherOOB { Undefined = 0, Clamp = 1, Wrap = 2, Zero = 3 };
enum class ScatterOOB { Undefined = 0, Skip = 1, Clamp = 2, Wrap = 3 };
enum class ScatterAtomicOp { None = 0, Add = 1, Max = 2, Min = 3 };
enum class ScatterConflict { Last = 0, Default = 1 };
enum class GatherAxis { ROW = 0, COL = 1 };
enum class ScatterAxis { ROW = 0, COL = 1 };
enum class SyncAllMode { Hard = 0, Soft = 1 };
enum class SyncCoreType { AIVOnly = 0, AICOnly = 1, Mix = 2 };
enum class HistByte { BYTE_0, BYTE_1, BYTE_2, BYTE_3 };
enum class QuantType { MXFP8 = 0, MXFP4_E2M1 = 1, INT8_SYM = 2, INT8_ASYM = 3 };
enum class QuantScaleAlg { OCP, NV };
enum class MxQuantAlg { OcpMxFp8E4M3, NvMxFp8E4M3, OcpMxFp4E2M1, NvMxFp4E2M1 };
enum class VecStoreMode { ND, NZ };
enum class PrintFormat { Width8_Precision4, Width8_Precision2, Width10_Precision6 };

} // namespace pto
