//===- PlainRecordTest.cpp - Records without rules -------------------------===//
//
// Pointers, views, flags, sections: their checks are written by hand, so their texts are too. Every
// record without rules has at least one, and flags are tried with every pair of pipes on every
// core.
//
//===----------------------------------------------------------------------===//

#include "Draft.h"
#include "Messages.h"
#include "mlir/Parser/Parser.h"
#include "ptoas/IR/Pto.h"
#include "ptoas/Parse/Parse.h"
#include <gtest/gtest.h>
#include <map>

using namespace pto;
using namespace pto::testing;

namespace {

struct Row {
  const char *record, *text;
  llvm::StringRef arch = ""; ///< the only one that has it
};
/// In the spelling that is printed, %p pointer, %i index, %a address, %x scalar, %v and %part
/// views, %la and %ea arrays, %t tile.
constexpr Row rows[] = {
    {"pto.addptr", "%r = pto.addptr %p, %i : !pto.ptr<f32, gm> -> !pto.ptr<f32, gm>"},
    {"pto.load_scalar", "%r = pto.load_scalar %p[%i] : !pto.ptr<f32, gm> -> f32"},
    {"pto.store_scalar", "pto.store_scalar %x, %p[%i] : !pto.ptr<f32, gm>, f32"},
    {"pto.castptr", "%r = pto.castptr %p : !pto.ptr<f32, gm> -> !pto.ptr<i8, gm>"},
    {"pto.castptr", "%r = pto.castptr %p : !pto.ptr<f32, gm> -> i64"},
    {"pto.castptr", "%r = pto.castptr %a : i64 -> !pto.ptr<f16, ub>"},
    {"pto.ptrtoint", "%r = pto.ptrtoint %p : !pto.ptr<f32, gm> -> i64"},
    {"pto.inttoptr", "%r = pto.inttoptr %a : i64 -> !pto.ptr<f32, gm>"},
    {"pto.declare_local_array", "%r = pto.declare_local_array -> !pto.local_array<2x3xf32>"},
    {"pto.local_array_get",
     "%r = pto.local_array_get %la[%i, %i] : !pto.local_array<2x3xf32> -> f32"},
    {"pto.local_array_set", "pto.local_array_set %la[%i, %i], %x : !pto.local_array<2x3xf32>, f32"},
    {"pto.declare_eventid_array", "%r = pto.declare_eventid_array -> !pto.eventid_array<4>"},
    {"pto.eventid_array_get", "%r = pto.eventid_array_get %ea[%i] : !pto.eventid_array<4>"},
    {"pto.eventid_array_set", "pto.eventid_array_set %ea[%i], %i : !pto.eventid_array<4>"},
    {"pto.declare_struct", "%r = pto.declare_struct -> !pto.struct<!pto.struct<i32, f32>, i64>"},
    {"pto.struct_get",
     "%s = pto.declare_struct -> !pto.struct<!pto.struct<i32, f32>, i64>\n"
     "%r = pto.struct_get %s[0, 1] : !pto.struct<!pto.struct<i32, f32>, i64> -> f32"},
    {"pto.struct_set",
     "%s = pto.declare_struct -> !pto.struct<!pto.struct<i32, f32>, i64>\n"
     "pto.struct_set %s[0, 1], %x : !pto.struct<!pto.struct<i32, f32>, i64>, f32"},
    {"pto.print", "pto.print ins(\"x = %f\", %x : f32)"},
    {"pto.print", "pto.print ins(\"\", %i : index)"},
    {"pto.trap", "pto.trap"},
    {"pto.make_tensor_view", "%r = pto.make_tensor_view %p, shape = [%i, %i], strides = [%i, %i] : "
                             "!pto.tensor_view<?x64xf32>"},
    {"pto.make_tensor_view", "%r = pto.make_tensor_view %p, shape = [%i, %i], strides = [%i, %i] "
                             "{layout = #pto.layout<nz>} "
                             ": !pto.tensor_view<?x8xf32>"},
    {"pto.partition_view", "%r = pto.partition_view %v, offsets = [%i, %i], sizes = [%i, %i] : "
                           "!pto.tensor_view<?x64xf32> "
                           "-> !pto.partition_tensor_view<?x64xf32>"},
    {"pto.get_tensor_view_dim",
     "%r = pto.get_tensor_view_dim %v, %i : !pto.tensor_view<?x64xf32> -> index"},
    {"pto.get_tensor_view_dim",
     "%r = pto.get_tensor_view_dim %part, %i : !pto.partition_tensor_view<8x64xf32> -> index"},
    {"pto.make_prefetch_async_context", "%r = pto.make_prefetch_async_context(%p : !pto.ptr<f32, "
                                        "gm>) -> !pto.prefetch_async_context"},
    {"pto.get_prefetch_async_session",
     "%c = pto.make_prefetch_async_context(%p : !pto.ptr<f32, gm>) -> !pto.prefetch_async_context\n"
     "%r = pto.get_prefetch_async_session %c : !pto.prefetch_async_context -> !pto.async_session"},
    {"pto.tprefetch_async",
     "%c = pto.make_prefetch_async_context(%p : !pto.ptr<f32, gm>) -> !pto.prefetch_async_context\n"
     "%r = pto.tprefetch_async(%part, %c : !pto.partition_tensor_view<8x64xf32>, "
     "!pto.prefetch_async_context) -> !pto.async_event"},
    {"pto.alloc_tile", "%r = pto.alloc_tile : !pto.tile_buf<vec, 16x64xf32>"},
    {"pto.alloc_tile",
     "%r = pto.alloc_tile addr = %a valid_row = %i valid_col = %i : !pto.tile_buf<vec, 16x64xf32, "
     "valid=?x?>"},
    {"pto.alloc_tile",
     "%r = pto.alloc_tile valid_col = %i : !pto.tile_buf<acc, 16x64xf32, valid=4x?>"},
    {"pto.get_tensor_view_stride",
     "%r = pto.get_tensor_view_stride %v, %i : !pto.tensor_view<?x64xf32> -> index"},
    {"pto.alloc_multi_tile",
     "%r = pto.alloc_multi_tile : !pto.multi_tile_buf<!pto.tile_buf<vec, 16x64xf32>, count=2>"},
    {"pto.alloc_multi_tile",
     "%r = pto.alloc_multi_tile addr = %a valid_row = %i valid_col = %i : "
     "!pto.multi_tile_buf<!pto.tile_buf<mat, 16x64xf32, valid=?x?>, count=16>"},
    {"pto.multi_tile_get", "%ring = pto.alloc_multi_tile addr = %a : "
                           "!pto.multi_tile_buf<!pto.tile_buf<vec, 16x64xf32>, count=2>\n"
                           "    %r = pto.multi_tile_get %ring[%i] : "
                           "!pto.multi_tile_buf<!pto.tile_buf<vec, 16x64xf32>, count=2> -> "
                           "!pto.tile_buf<vec, 16x64xf32>"},
    {"pto.subview", "%r = pto.subview %t[%i, %i] sizes [8, 32] : "
                    "!pto.tile_buf<vec, 16x64xf32, valid=?x?> -> !pto.tile_buf<vec, 8x32xf32>"},
    {"pto.subview",
     "%r = pto.subview %t[%i, %i] sizes [8, 64] valid [%i, %i] : "
     "!pto.tile_buf<vec, 16x64xf32, valid=?x?> -> !pto.tile_buf<vec, 8x64xf32, valid=?x?>"},
    {"pto.treshape", "%r = pto.treshape %t : !pto.tile_buf<vec, 16x64xf32, valid=?x?> -> "
                     "!pto.tile_buf<vec, 8x256xf16>"},
    {"pto.bitcast", "%r = pto.bitcast %t : !pto.tile_buf<vec, 16x64xf32, valid=?x?> -> "
                    "!pto.tile_buf<vec, 16x64xi16, valid=?x?>"},
    {"pto.tassign", "%r = pto.tassign %t, %a : !pto.tile_buf<vec, 16x64xf32, valid=?x?> -> "
                    "!pto.tile_buf<vec, 16x64xf32, valid=?x?>"},
    {"pto.set_validshape",
     "%t1 = pto.alloc_tile addr = %a valid_row = %i valid_col = %i : "
     "!pto.tile_buf<vec, 16x64xf32, valid=?x?>\n"
     "    pto.set_validshape %t1, %i, %i : !pto.tile_buf<vec, 16x64xf32, valid=?x?>"},
    {"pto.get_validshape", "%r:2 = pto.get_validshape %t : "
                           "!pto.tile_buf<vec, 16x64xf32, valid=?x?>"},
    {"pto.tile_valid_rows", "%r = pto.tile_valid_rows %t : "
                            "!pto.tile_buf<vec, 16x64xf32, valid=?x?> -> index"},
    {"pto.tile_valid_cols", "%r = pto.tile_valid_cols %t : "
                            "!pto.tile_buf<vec, 16x64xf32, valid=?x?> -> index"},
    {"pto.set_flag", "pto.set_flag[<PIPE_MTE2>, <PIPE_V>, <EVENT_ID0>]"},
    {"pto.wait_flag", "pto.wait_flag[<PIPE_MTE2>, <PIPE_V>, <EVENT_ID7>]"},
    {"pto.set_flag_dyn", "pto.set_flag_dyn[<PIPE_MTE2>, <PIPE_V>, %i]"},
    {"pto.wait_flag_dyn", "pto.wait_flag_dyn[<PIPE_MTE2>, <PIPE_V>, %i]"},
    {"pto.record_event",
     "pto.record_event[#pto.pipe_event_type<TLOAD>, #pto.pipe_event_type<TVEC>, <EVENT_ID0>]"},
    {"pto.wait_event",
     "pto.wait_event[#pto.sync_op_type<TLOAD>, #pto.pipe_event_type<TVEC>, <EVENT_ID0>]"},
    {"pto.barrier", "pto.barrier <PIPE_ALL>"},
    {"pto.barrier_sync", "pto.barrier_sync[#pto.pipe_event_type<TMATMUL>]"},
    {"pto.fence.barrier_all", "pto.fence.barrier_all <gm>"},
    {"pto.fence.barrier_all", "pto.fence.barrier_all <all>"},
    {"pto.fence.barrier_all", "pto.fence.barrier_all <local_memory>"},
    {"pto.dsb", "pto.dsb"},
    {"pto.cmo.cacheinvalid", "pto.cmo.cacheinvalid all <gm>"},
    {"pto.cmo.cacheinvalid", "pto.cmo.cacheinvalid %p single_cache_line : !pto.ptr<f32, gm>"},
    {"pto.sync.set", "pto.set_ffts %a : i64\n    pto.sync.set <PIPE_MTE3>, 15"},
    {"pto.sync.set", "pto.set_ffts %a : i64\n    pto.sync.set <PIPE_FIX>, 0 {ffts_mode = 0 : i32}"},
    {"pto.sync.set",
     "pto.set_ffts %a : i64\n    pto.sync.set <PIPE_MTE3>, %i {ffts_mode = 1 : i32}"},
    {"pto.sync.wait", "pto.set_ffts %a : i64\n    pto.sync.wait <PIPE_V>, 3"},
    {"pto.sync.wait",
     "pto.set_ffts %a : i64\n    pto.sync.wait <PIPE_MTE2>, %i {ffts_mode = 0 : i32}"},
    {"pto.set_cross_block", "pto.set_ffts %a : i64\n    pto.set_cross_block <PIPE_MTE3>, 3"},
    {"pto.wait_cross_block", "pto.set_ffts %a : i64\n    pto.wait_cross_block <PIPE_S>, %i"},
    {"pto.set_intra_block", "pto.set_ffts %a : i64\n    pto.set_intra_block <PIPE_FIX>, 15"},
    {"pto.set_intra_block", "pto.set_ffts %a : i64\n    pto.set_intra_block <PIPE_FIX>, 31", "a5"},
    {"pto.wait_intra_block", "pto.set_ffts %a : i64\n    pto.wait_intra_block <PIPE_MTE1>, %i"},
    {"pto.set_quant_scalar", "pto.set_quant_scalar ins(%x : f32) {type = i8}"},
    {"pto.set_ffts", "pto.set_ffts %p : !pto.ptr<f32, gm>"},
    {"pto.set_ffts", "pto.set_ffts %ffts : memref<256xi64>"},
    {"pto.set_ffts", "pto.set_ffts %a : i64"},
    {"pto.syncall",
     "pto.syncall() mode = #pto.sync_all_mode<hard>, core_type = #pto.sync_core_type<mix>"},
    {"pto.syncall", "pto.syncall(%cells : !pto.partition_tensor_view<16xi32>) mode = "
                    "#pto.sync_all_mode<soft>, core_type = #pto.sync_core_type<aiv_only>"},
    {"pto.syncall", "pto.syncall(%cells, %n : !pto.partition_tensor_view<16xi32>, i32) mode = "
                    "#pto.sync_all_mode<soft>, core_type = #pto.sync_core_type<aic_only>"},
    {"pto.get_buf", "pto.get_buf[#pto.pipe<PIPE_V>, 31, 0]", "a5"},
    {"pto.rls_buf", "pto.rls_buf[#pto.pipe_event_type<TVEC>, 0, 1]", "a5"},
    {"pto.get_buf_dyn", "pto.get_buf_dyn[#pto.pipe<PIPE_MTE2>, %i, 0]", "a5"},
    {"pto.rls_buf_dyn", "pto.rls_buf_dyn[#pto.pipe<PIPE_MTE2>, %i, 0]", "a5"},
    {"pto.tsync", "pto.tsync ins(%i, %x : index, f32)"},
    {"pto.comm.build_async_session",
     "%r = pto.comm.build_async_session(%t, %bytes : !pto.tile_buf<vec, 16x64xf32, valid=?x?>, "
     "!pto.ptr<i8, gm>) {queue_num = 2 : i32} -> !pto.async_session"},
    {"pto.comm.tput_async",
     "%r = pto.comm.tput_async(%cells, %cells, %ss : !pto.partition_tensor_view<16xi32>, "
     "!pto.partition_tensor_view<16xi32>, !pto.async_session) -> !pto.async_event"},
    {"pto.comm.tget_async",
     "%r = pto.comm.tget_async(%cells, %cells, %ss : !pto.partition_tensor_view<16xi32>, "
     "!pto.partition_tensor_view<16xi32>, !pto.async_session) -> !pto.async_event"},
    {"pto.comm.wait_async_event",
     "%r = pto.comm.wait_async_event(%ev, %ss : !pto.async_event, !pto.async_session) -> i1"},
    {"pto.comm.test_async_event",
     "%r = pto.comm.test_async_event(%ev, %ss : !pto.async_event, !pto.async_session) -> i1"},
    {"pto.get_block_idx", "%r = pto.get_block_idx"},
    {"pto.get_block_num", "%r = pto.get_block_num"},
    {"pto.get_subblock_idx", "%r = pto.get_subblock_idx"},
    {"pto.get_subblock_num", "%r = pto.get_subblock_num"},
    {"pto.section.cube", "pto.section.cube {\n    }"},
    {"pto.section.vector", "pto.section.vector {\n    }"},
    {"pto.aic_initialize_pipe",
     "%buf = arith.constant 0 : i32\n"
     "pto.section.cube {\n"
     "  pto.aic_initialize_pipe {dir_mask = 1, slot_size = 1024, local_slot_num = 3, "
     "unit_flag = true} (gm_slot_buffer = %p : !pto.ptr<f32, gm>, c2v_consumer_buf = "
     "%buf : i32)\n"
     "}"},
    {"pto.aiv_initialize_pipe",
     "%buf = arith.constant 0 : i32\n"
     "pto.section.vector {\n"
     "  pto.aiv_initialize_pipe {id = 2, dir_mask = 1, slot_size = 1024, nosplit = "
     "false} (gm_slot_buffer = %p : !pto.ptr<f32, gm>, c2v_consumer_buf = %buf : i32)\n"
     "}"},
    {"pto.talloc_to_aiv", "pto.section.cube {\n"
                          "  %entry = pto.talloc_to_aiv {split = 0} -> !pto.tensor_view<?x64xf32>\n"
                          "}"},
    {"pto.talloc_to_aic",
     "pto.section.vector {\n"
     "  %entry = pto.talloc_to_aic {id = 1, split = 1} -> !pto.tensor_view<?x64xf32>\n"
     "}"},
    {"pto.tpush_to_aiv",
     "pto.section.cube {\n"
     "  %acc = pto.alloc_tile : !pto.tile_buf<acc, 16x16xf32, blayout=col_major, "
     "slayout=row_major, fractal=1024>\n"
     "  pto.tpush_to_aiv(%acc : !pto.tile_buf<acc, 16x16xf32, blayout=col_major, "
     "slayout=row_major, fractal=1024>) {split = 1}\n"
     "}"},
    {"pto.tpush_to_aic",
     "pto.section.vector {\n"
     "  %tile = pto.alloc_tile : !pto.tile_buf<vec, 8x16xf32>\n"
     "  pto.tpush_to_aic(%tile : !pto.tile_buf<vec, 8x16xf32>) aiv_subblockid(%i : index) "
     "{split = 1}\n"
     "}"},
    {"pto.tpop_from_aic",
     "pto.section.vector {\n"
     "  %tile = pto.tpop_from_aic (%i, %i) {split = 3} -> !pto.tile_buf<vec, 8x16xf32, "
     "valid=?x?>\n"
     "}"},
    {"pto.tpop_from_aiv", "pto.section.cube {\n"
                          "  %entry = pto.tpop_from_aiv {split = 0} -> !pto.tensor_view<?x64xf32>\n"
                          "}"},
    {"pto.tfree_from_aic", "pto.section.vector {\n"
                           "  pto.tfree_from_aic {split = 0}\n"
                           "}"},
    {"pto.tfree_from_aiv", "pto.section.cube {\n"
                           "  pto.tfree_from_aiv(%v : !pto.tensor_view<?x64xf32>) {split = 0}\n"
                           "}"},
    {"pto.reserve_buffer", "%r = pto.reserve_buffer {name = \"fifo\", size = 8192, location = "
                           "#pto.address_space<mat>, auto = true} -> i32"},
    {"pto.import_reserved_buffer",
     "%r = pto.import_reserved_buffer {name = \"fifo\", peer_func = @f} -> i32"},
    {"pto.declare_tile", "%r = pto.declare_tile -> !pto.tile_buf<vec, 8x16xf32>"},
    {"pto.declare_tile",
     "%r = pto.declare_tile valid_row = %i -> !pto.tile_buf<vec, 8x16xf32, valid=?x16>"},
    {"pto.declare_global", "%r = pto.declare_global -> !pto.tensor_view<64x64xf32>"},
    {"pto.initialize_l2g2l_pipe",
     "%buf = arith.constant 0 : i32\n"
     "%pipe = pto.initialize_l2g2l_pipe {dir_mask = 3, slot_size = 1024, slot_num = 4, "
     "local_slot_num = 2, flag_base = 4} (%p : !pto.ptr<f32, gm>, %buf : i32, %buf : "
     "i32) -> !pto.pipe",
     "a3"},
    {"pto.talloc",
     "%c = arith.constant 64 : index\n"
     "%slots = pto.make_tensor_view %p, shape = [%c, %c], strides = [%c, %i] : "
     "!pto.tensor_view<64x64xf32>\n"
     "%pipe = pto.initialize_l2g2l_pipe {dir_mask = 3, slot_size = 16384, slot_num = 4, "
     "local_slot_num = 2, flag_base = 4} (%slots : !pto.tensor_view<64x64xf32>) -> "
     "!pto.pipe\n"
     "%entry = pto.declare_global -> !pto.tensor_view<64x64xf32>\n"
     "pto.section.cube {\n"
     "  pto.talloc(%entry, %pipe : !pto.tensor_view<64x64xf32>, !pto.pipe) {split = 0}\n"
     "}",
     "a3"},
    {"pto.tpush",
     "%c = arith.constant 64 : index\n"
     "%slots = pto.make_tensor_view %p, shape = [%c, %c], strides = [%c, %i] : "
     "!pto.tensor_view<64x64xf32>\n"
     "%pipe = pto.initialize_l2g2l_pipe {dir_mask = 3, slot_size = 16384, slot_num = 4, "
     "local_slot_num = 2, flag_base = 4} (%slots : !pto.tensor_view<64x64xf32>) -> "
     "!pto.pipe\n"
     "%entry = pto.declare_global -> !pto.tensor_view<64x64xf32>\n"
     "pto.section.vector {\n"
     "  pto.tpush(%entry, %pipe : !pto.tensor_view<64x64xf32>, !pto.pipe) {split = 0}\n"
     "}",
     "a3"},
    {"pto.tpop",
     "%buf = arith.constant 0 : i32\n"
     "%pipe = pto.initialize_l2g2l_pipe {dir_mask = 3, slot_size = 1024, slot_num = 4, "
     "local_slot_num = 2, flag_base = 4} (%p : !pto.ptr<f32, gm>, %buf : i32, %buf : "
     "i32) -> !pto.pipe\n"
     "pto.section.vector {\n"
     "  %tile = pto.declare_tile -> !pto.tile_buf<vec, 8x16xf32>\n"
     "  pto.tpop(%tile, %pipe : !pto.tile_buf<vec, 8x16xf32>, !pto.pipe) aiv_subblockid(%i "
     ": index) {split = 1}\n"
     "}",
     "a3"},
    {"pto.tfree",
     "%c = arith.constant 64 : index\n"
     "%slots = pto.make_tensor_view %p, shape = [%c, %c], strides = [%c, %i] : "
     "!pto.tensor_view<64x64xf32>\n"
     "%pipe = pto.initialize_l2g2l_pipe {dir_mask = 3, slot_size = 16384, slot_num = 4, "
     "local_slot_num = 2, flag_base = 4} (%slots : !pto.tensor_view<64x64xf32>) -> "
     "!pto.pipe\n"
     "%entry = pto.declare_global -> !pto.tensor_view<64x64xf32>\n"
     "pto.section.vector {\n"
     "  pto.tfree(%entry, %pipe : !pto.tensor_view<64x64xf32>, !pto.pipe) {split = 0}\n"
     "}",
     "a3"},
    {"pto.initialize_l2l_pipe",
     "%buf = arith.constant 0 : i32\n"
     "%pipe = pto.initialize_l2l_pipe {dir_mask = 3, slot_size = 1024, slot_num = 4, "
     "local_slot_num = 2, flag_base = 4} (%buf : i32, %buf : i32) -> !pto.pipe",
     "a5"},
};

std::string moduleOf(const Row &row, llvm::StringRef arch) {
  return ("module attributes {pto.target_arch = \"" + arch +
          "\"} {\n  func.func @f(%p: !pto.ptr<f32>, %i: index, %a: i64, %x: f32, %v: "
          "!pto.tensor_view<?x64xf32>, %part: !pto.partition_tensor_view<8x64xf32>, %la: "
          "!pto.local_array<2x3xf32>, %ea: !pto.eventid_array<4>, %t: !pto.tile_buf<vec, "
          "16x64xf32, valid=?x?>, %n: i32, %cells: !pto.partition_tensor_view<16xi32>, %ffts: "
          "memref<256xi64>, %bytes: !pto.ptr<i8>, %ss: !pto.async_session, %ev: "
          "!pto.async_event) {\n    " +
          row.text + "\n    return\n  }\n}\n")
      .str();
}

class PlainRecords : public ::testing::Test {
protected:
  PlainRecords() {
    mlir::DialectRegistry registry;
    registerDialects(registry);
    context.appendDialectRegistry(registry);
    context.printOpOnDiagnostic(false);
  }

  mlir::OwningOpRef<mlir::ModuleOp> parse(llvm::StringRef text) {
    return mlir::parseSourceString<mlir::ModuleOp>(text, mlir::ParserConfig(&context, false));
  }
  static std::string print(mlir::ModuleOp module, bool generic) {
    std::string text;
    llvm::raw_string_ostream os(text);
    module->print(os, mlir::OpPrintingFlags().printGenericOpForm(generic).useLocalScope());
    return text;
  }

  mlir::MLIRContext context;
};

TEST_F(PlainRecords, ReadBackWhatTheyPrint) {
  std::map<std::string, unsigned> seen;
  for (const Row &row : rows)
    for (llvm::StringRef arch : {"a3", "a5"}) {
      if (!row.arch.empty() && row.arch != arch)
        continue;
      SCOPED_TRACE(row.text);
      ++seen[row.record];
      auto module = parse(moduleOf(row, arch));
      ASSERT_TRUE(module);
      EXPECT_TRUE(mlir::succeeded(verifyAll(*module)));
      std::string custom = print(*module, false), generic = print(*module, true);
      for (const std::string &text : {custom, generic}) {
        auto again = parse(text);
        ASSERT_TRUE(again) << text;
        EXPECT_EQ(print(*again, false), custom);
        EXPECT_EQ(print(*again, true), generic);
      }
    }
  for (const OpInfo &info : allOpInfos())
    EXPECT_EQ(info.rules.empty(), seen[info.name.str()] > 0) << info.name.str();
}

/// Which pipes a core has (sync 1), written out once more: the table in Support is
/// what is tested.
bool has(llvm::StringRef core, llvm::StringRef pipe, llvm::StringRef arch) {
  if (core.empty() || pipe == "S" || pipe == "MTE2")
    return true;
  if (core == "vector")
    return pipe == "V" || pipe == "MTE3";
  return pipe == "M" || pipe == "MTE1" || pipe == "FIX" || (pipe == "MTE3" && arch == "a3");
}

TEST_F(PlainRecords, FlagsJoinTwoPipesOfTheirCore) {
  constexpr const char *pipes[] = {"S", "V", "M", "MTE1", "MTE2", "MTE3", "FIX", "ALL"};
  unsigned accepted = 0, refused = 0;
  for (llvm::StringRef arch : {"a3", "a5"})
    for (llvm::StringRef core : {"", "vector", "cube"})
      for (llvm::StringRef from : pipes)
        for (llvm::StringRef to : pipes) {
          std::string kind =
              core.empty()
                  ? ""
                  : (" attributes {pto.kernel_kind = #pto.kernel_kind<" + core + ">}").str();
          std::string flag = ("[<PIPE_" + from + ">, <PIPE_" + to + ">, ").str();
          auto module = parse(("module attributes {pto.target_arch = \"" + arch +
                               "\"} {\n  func.func @f(%i: index)" + kind + " {\n    pto.set_flag" +
                               flag + "<EVENT_ID0>]\n    pto.wait_flag" + flag +
                               "<EVENT_ID0>]\n    pto.set_flag_dyn" + flag +
                               "%i]\n    pto.wait_flag_dyn" + flag + "%i]\n    return\n  }\n}\n")
                                  .str());
          ASSERT_TRUE(module);
          Messages messages(context);
          bool legal = from != to && from != "ALL" && to != "ALL" && has(core, from, arch) &&
                       has(core, to, arch);
          EXPECT_EQ(mlir::succeeded(verifyAll(*module)), legal) << arch.str() << core.str() << flag;
          // Each of the four is told.
          EXPECT_EQ(messages.all().size(), legal ? 0u : 4u) << arch.str() << core.str() << flag;
          ++(legal ? accepted : refused);
        }
  std::printf("%u pairs of pipes accepted, %u refused\n", accepted, refused);
}

} // namespace

std::vector<PlainText> pto::testing::plainTexts(Arch arch) {
  std::vector<PlainText> texts;
  for (const Row &row : rows)
    if (row.arch.empty() || row.arch == name(arch))
      texts.push_back({row.record, row.text, moduleOf(row, name(arch))});
  return texts;
}
