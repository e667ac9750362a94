//===- Ops.td - All records ------------------------------------*- tablegen -*-===//
include "ptoas/IR/Ops/View.td"
include "ptoas/IR/Ops/Move.td"
include "ptoas/IR/Ops/Matmul.td"
include "ptoas/IR/Ops/Elementwise.td"
include "ptoas/IR/Ops/TileScalar.td"
include "ptoas/IR/Ops/Unary.td"
include "ptoas/IR/Ops/Sync.td"
include "ptoas/IR/Ops/Comm.td"
