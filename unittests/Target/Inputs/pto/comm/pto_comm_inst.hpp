// The synchronous calls between ranks, as names and signatures.
#pragma once
#include "pto/pto-inst.hpp"

namespace pto::comm {
enum class NotifyOp { AtomicAdd, Set };
enum class WaitCmp { EQ, NE, GT, GE, LT, LE };
template <AtomicType = AtomicType::AtomicNone, typename D, typename S, typename B>
void TPUT(D &, S &, B &) {}
template <AtomicType = AtomicType::AtomicNone, typename D, typename S, typename B>
void TPUT(D &, S &, B &, B &) {}
template <typename D, typename S, typename B> void TGET(D &, S &, B &) {}
template <typename G> void TNOTIFY(G &, int32_t, NotifyOp) {}
template <typename G> void TWAIT(G &, int32_t, WaitCmp) {}
} // namespace pto::comm
