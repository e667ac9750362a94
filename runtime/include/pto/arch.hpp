// Which chip and which core a text is compiled for, and the words that only the device compiler
// knows.
#pragma once

#ifndef __NPU_ARCH__
#error "define __NPU_ARCH__: 2201 for a2/a3, 3510 for a5"
#elif __NPU_ARCH__ == 2201
#define PTO_NPU_ARCH_A2A3
#elif __NPU_ARCH__ == 3101 || __NPU_ARCH__ == 3510
#define PTO_NPU_ARCH_A5
#else
#error "this stand-in knows __NPU_ARCH__ 2201 (a2/a3), 3101 and 3510 (a5)"
#endif

#define __global__
#define AICORE
#define __aicore__
#define PTO_INTERNAL inline
#define PTO_INST inline
#define PTO_INLINE inline
#define __tf__
#define __in__
#define __out__

// With PTO_HOST_ADDRESS_SPACES clang keeps the memories apart, as the device compiler does: a
// pointer into UB is no pointer into global memory. Programs that shall run leave it out.
#ifdef PTO_HOST_ADDRESS_SPACES
#define __gm__ __attribute__((address_space(1)))
#define __ubuf__ __attribute__((address_space(2)))
#define __cbuf__ __attribute__((address_space(3)))
#define __ca__ __attribute__((address_space(4)))
#define __cb__ __attribute__((address_space(5)))
#define __cc__ __attribute__((address_space(6)))
#define __fbuf__ __attribute__((address_space(7)))
#define __biasbuf__ __attribute__((address_space(8)))
#define __ssbuf__ __attribute__((address_space(9)))
#else
#define __gm__
#define __ubuf__
#define __cbuf__
#define __ca__
#define __cb__
#define __cc__
#define __fbuf__
#define __biasbuf__
#define __ssbuf__
#endif
