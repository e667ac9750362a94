//===- SanitizerDefaults.cpp - Options of AddressSanitizer ---------------------===//
//
// MLIR's bump allocator poisons memory by hand and reports falsely when it meets code that was not
// built the same way, as the packaged archives are not.
//
//===----------------------------------------------------------------------===//

#if defined(__has_feature)
#if __has_feature(address_sanitizer)
extern "C" const char *__asan_default_options() { return "allow_user_poisoning=0:detect_leaks=0"; }
#endif
#endif
