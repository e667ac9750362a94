// Stand-in for the vendor's tile library: declarations and rules, no computation. For checking
// printed kernels on a host; see runtime/README.md.
#pragma once
#include "arch.hpp"
#include "check.hpp"
#include "comm/pto_comm_inst.hpp"
#include "convert.hpp"
#include "cube.hpp"
#include "element.hpp"
#include "elementwise.hpp"
#include "enums.hpp"
#include "index.hpp"
#include "intrinsics.hpp"
#include "move.hpp"
#include "pipe.hpp"
#include "reduce.hpp"
#include "tile.hpp"
#include "transfer.hpp"
