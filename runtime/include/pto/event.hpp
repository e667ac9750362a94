// Events: an object between two instructions that stands for a flag or a barrier. ptoas prints
// flags instead; kernels written by hand use these.
#pragma once
#include "intrinsics.hpp"
#include "tile.hpp"

namespace pto {

/// What an event connects: instructions, those with several pipes by where they read.
enum class Op {
  SCALAR,
  TLOAD,
  TSTORE_VEC,
  TSTORE_MAT,
  TSTORE_ACC,
  TMOV_V2V,
  TMOV_V2M,
  TMOV_M2L,
  TMOV_M2R,
  TMOV_M2B,
  TMOV_M2S,
  TMOV_A2V,
  TMOV_A2M,
  TEXTRACT_M2LR,
  TEXTRACT_V2M,
  TMATMUL,
  TGEMV,
  VECTOR, ///< every instruction of the vector unit
  ALL
};

namespace rule {
constexpr pipe_t pipeOf(Op op) {
  switch (op) {
  case Op::SCALAR:
    return PIPE_S;
  case Op::TLOAD:
    return PIPE_MTE2;
  case Op::TSTORE_VEC:
  case Op::TSTORE_MAT:
    return PIPE_MTE3;
  case Op::TSTORE_ACC:
  case Op::TMOV_M2S:
  case Op::TMOV_A2V:
  case Op::TMOV_A2M:
  case Op::TMOV_V2M:
  case Op::TEXTRACT_V2M:
    return PIPE_FIX;
  case Op::TMOV_M2L:
  case Op::TMOV_M2R:
  case Op::TMOV_M2B:
  case Op::TEXTRACT_M2LR:
    return PIPE_MTE1;
  case Op::TMATMUL:
  case Op::TGEMV:
    return PIPE_M;
  case Op::TMOV_V2V:
  case Op::VECTOR:
    return PIPE_V;
  case Op::ALL:
    return PIPE_ALL;
  }
  return PIPE_ALL;
}
/// A barrier of one pipe exists on a5 for MTE2 and MTE3 only; its V, M and others keep their order.
template <Op O> constexpr void barrierExists() {
  constexpr pipe_t pipe = pipeOf(O);
  static_assert(!isA5 || pipe == PIPE_MTE2 || pipe == PIPE_MTE3 || pipe == PIPE_ALL,
                "TSYNC on a5: instructions on MTE2 or MTE3, or all");
}
} // namespace rule

/// Recorded by assignment of what an instruction returns; waits for it on the other side.
template <Op Src, Op Dst, bool AutoToken = true, event_t Id = EVENT_ID0> class Event {
public:
  static constexpr pipe_t srcPipe = rule::pipeOf(Src), dstPipe = rule::pipeOf(Dst);
  Event() = default;
  Event &operator=(RecordEvent) {
    if (srcPipe != dstPipe)
      set_flag(srcPipe, dstPipe, Id);
    return *this;
  }
  void Wait() {
    if (srcPipe != dstPipe)
      wait_flag(srcPipe, dstPipe, Id);
    else
      pipe_barrier(srcPipe);
  }
};

template <Op O> void TSYNC() {
  rule::barrierExists<O>();
  pipe_barrier(rule::pipeOf(O));
}
template <typename... Events> void TSYNC(Events &...events) { (events.Wait(), ...); }

} // namespace pto
