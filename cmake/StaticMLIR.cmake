# Links MLIR from Debian's packages without libLLVM.so (ADR 0001): the archives by path, through lld.
# MLIRTargets.cmake would tie the static MLIR libraries to the shared libLLVM, and a program that holds both that and a
# static LLVM component aborts at start.
find_package(MLIR 22.1 CONFIG REQUIRED HINTS /usr/lib/llvm-22/lib/cmake/mlir)
list(APPEND CMAKE_MODULE_PATH "${MLIR_CMAKE_DIR}" "${LLVM_CMAKE_DIR}")
include(TableGen)

# LLVM's support library alone (containers, JSON, command line): what the MLIR-free libraries use.
add_library(llvm_support INTERFACE)
target_include_directories(llvm_support SYSTEM INTERFACE ${LLVM_INCLUDE_DIRS})
set(llvm_archives)
foreach(component Support Demangle TargetParser BinaryFormat Remarks BitstreamReader)
  list(APPEND llvm_archives "${LLVM_LIBRARY_DIR}/libLLVM${component}.a")
endforeach()
target_link_options(llvm_support INTERFACE -fuse-ld=lld -Wl,--gc-sections)
target_link_libraries(llvm_support INTERFACE ${llvm_archives} -l:libz.a -l:libzstd.a pthread dl m)

# One interface target for everything of MLIR. lld reads archives in any order, and takes only the members it needs.
add_library(mlir_static INTERFACE)
target_include_directories(mlir_static SYSTEM INTERFACE ${MLIR_INCLUDE_DIRS})
file(GLOB mlir_archives "${LLVM_LIBRARY_DIR}/libMLIR*.a")
list(FILTER mlir_archives EXCLUDE REGEX "Test|CAPI|ExecutionEngine")
target_link_libraries(mlir_static INTERFACE ${mlir_archives} llvm_support)
