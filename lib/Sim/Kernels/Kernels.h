//===- Kernels.h - The kernels by name, and what they share -----*- C++ -*-===//
#ifndef PTOAS_LIB_SIM_KERNELS_KERNELS_H
#define PTOAS_LIB_SIM_KERNELS_KERNELS_H

#include "Region.h"

namespace pto::sim {

// Operands as in the op records: inputs first, outputs last, an absent optional one as None.
void loadKernel(KernelContext &context);    ///< src view, dst tile
void storeKernel(KernelContext &context);   ///< src tile, fp?, preQuantScalar?, dst view
void moveKernel(KernelContext &context);    ///< src, fp?, preQuantScalar?, tmp?, dst; the optional
                                            ///< ones may also be missing
void extractKernel(KernelContext &context); ///< src, indexRow, indexCol, fp?, preQuantScalar?, dst
void insertKernel(KernelContext &context);  ///< the same
void transposeKernel(KernelContext &context);   ///< src, tmp, dst
void concatKernel(KernelContext &context);      ///< src0, src1, dst
void concatFirstKernel(KernelContext &context); ///< the part of src0
void concatSecondKernel(KernelContext &context);
void concatIndexKernel(KernelContext &context);     ///< src0, src1, src0Idx, src1Idx, dst
void concatIndexReadKernel(KernelContext &context); ///< the scalar part: the counts
void fillPadKernel(KernelContext &context);         ///< src, dst
void matmulKernel(KernelContext &context);          ///< lhs, rhs, dst
void matmulAccKernel(KernelContext &context);       ///< acc_in, lhs, rhs, dst
void matmulBiasKernel(KernelContext &context);      ///< lhs, rhs, bias, dst
void gemvKernel(KernelContext &context);
void gemvAccKernel(KernelContext &context);
void gemvBiasKernel(KernelContext &context);
void matmulMxKernel(KernelContext &context);     ///< a, a_scale, b, b_scale, dst
void matmulMxAccKernel(KernelContext &context);  ///< c_in, a, a_scale, b, b_scale, dst
void matmulMxBiasKernel(KernelContext &context); ///< a, a_scale, b, b_scale, bias, dst
void gemvMxKernel(KernelContext &context);
void gemvMxAccKernel(KernelContext &context);
void gemvMxBiasKernel(KernelContext &context);
void xorKernel(KernelContext &context);               ///< src0, src1, tmp?, dst
void preluKernel(KernelContext &context);             ///< src0, src1, tmp?, dst
void remainderKernel(KernelContext &context);         ///< src0, src1, tmp?, dst
void powerKernel(KernelContext &context);             ///< base, exp, tmp?, dst
void shiftLeftKernel(KernelContext &context);         ///< src0, src1, dst
void shiftRightKernel(KernelContext &context);        ///< src0, src1, dst
void divideScalarKernel(KernelContext &context);      ///< dividend?, scalar, divisor?, dst
void remainderByScalarKernel(KernelContext &context); ///< src, scalar, tmp, dst
void axpyKernel(KernelContext &context);              ///< src, scalar, dst
void printKernel(KernelContext &context);             ///< src tile or view, tmp?
void rsqrtKernel(KernelContext &context);             ///< src, tmp?, dst
void compareKernel(KernelContext &context);           ///< src0, src1 tile or scalar, dst
void selectKernel(KernelContext &context);            ///< mask, src0, src1, tmp?, dst
void selectScalarKernel(KernelContext &context);      ///< mask, src, tmp?, scalar, dst
void convertKernel(KernelContext &context);           ///< src, tmp?, dst
void quantizeKernel(KernelContext &context);          ///< src, fp, offset?, tmp?, dst
void dequantizeKernel(KernelContext &context);        ///< src, scale, offset, dst
void quantizeMxKernel(KernelContext &context);        ///< src, dst, exp, max, scaling, exp_zz?
void addAddKernel(KernelContext &context);            ///< src0, src1 tile or scalar, src2, dst
void subtractAddKernel(KernelContext &context);       ///< the same
void partialAddKernel(KernelContext &context);        ///< src0, src1, dst
void partialMulKernel(KernelContext &context);
void partialMaxKernel(KernelContext &context);
void partialMinKernel(KernelContext &context);
void partialArgMaxKernel(KernelContext &context); ///< src0, src1, src0Idx, src1Idx, dst, dstIdx
void partialArgMinKernel(KernelContext &context);
void sort32Kernel(KernelContext &context);    ///< src, idx, tmp?, dst
void mergeSortKernel(KernelContext &context); ///< src, src1?, src2?, src3?, blockLen?, tmp?, dst

/// The tile at `index` of the operands, or null after reporting that the call has none there or
/// that its valid region does not fit into it.
const TileOperand *tileAt(KernelContext &context, unsigned index);
/// The same for a view of global memory.
const ViewOperand *viewAt(KernelContext &context, unsigned index);

/// Bytes of the value that pads a tile of this element (library 1.6); `bytesOf(element)` of
/// them are written.
void encodePad(PadValue pad, Element element, std::byte *bytes);

/// Overwrites `bytes` bytes of a scratch tile, `offset` bytes into it, with a pattern nobody can
/// mistake for data. What the library leaves there is not part of its interface; that it is
/// overwritten is.
void scribble(KernelContext &context, const TileOperand &scratch, uint64_t offset, uint64_t bytes);
/// All of a scratch tensor in global memory; nothing when it is absent.
void scribbleView(KernelContext &context, const Operand &scratch);

} // namespace pto::sim

#endif // PTOAS_LIB_SIM_KERNELS_KERNELS_H
