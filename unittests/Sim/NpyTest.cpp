//===- NpyTest.cpp - .npy files, good and bad ------------------------------===//

#include "ptoas/Sim/Npy.h"
#include "llvm/ADT/SmallString.h"
#include "llvm/Support/FileSystem.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

using namespace pto;
using namespace pto::sim;
using testing::HasSubstr;

namespace {
using Bytes = std::vector<uint8_t>;
}

/// A file as the format's definition has it, written here without the library under test.
static Bytes file(const std::string &dictionary, const Bytes &data, int version = 1) {
  std::string header = dictionary + "\n";
  Bytes content = {0x93, 'N', 'U', 'M', 'P', 'Y', uint8_t(version), 0};
  for (int i = 0, n = version == 1 ? 2 : 4; i < n; ++i)
    content.push_back(uint8_t(header.size() >> (8 * i)));
  content.insert(content.end(), header.begin(), header.end());
  content.insert(content.end(), data.begin(), data.end());
  return content;
}

static std::string failure(const Bytes &content) {
  auto array = parseNpy(content);
  return array ? "no error" : llvm::toString(array.takeError());
}

static std::string dictionary(const std::string &type, const std::string &order,
                              const std::string &shape) {
  return "{'descr': '" + type + "', 'fortran_order': " + order + ", 'shape': " + shape + ", }";
}

TEST(Npy, ReadsBothVersionsAndEveryType) {
  struct Row {
    const char *type;
    Element element;
  };
  for (const Row &row :
       {Row{"|b1", Element::I1}, Row{"|i1", Element::I8}, Row{"<i2", Element::I16},
        Row{"<i4", Element::I32}, Row{"<i8", Element::I64}, Row{"|u1", Element::U8},
        Row{"<u2", Element::U16}, Row{"<u4", Element::U32}, Row{"<u8", Element::U64},
        Row{"<f2", Element::F16}, Row{"<f4", Element::F32}, Row{"<f8", Element::F64}})
    for (int version : {1, 2}) {
      Bytes data(3 * bytesOf(row.element));
      for (size_t i = 0; i < data.size(); ++i)
        data[i] = uint8_t(i);
      auto array = parseNpy(file(dictionary(row.type, "False", "(3,)"), data, version));
      ASSERT_TRUE(bool(array)) << row.type << llvm::toString(array.takeError());
      EXPECT_EQ(array->element, row.element);
      EXPECT_EQ(array->shape, std::vector<int64_t>{3});
      EXPECT_EQ(array->bytes, data);
    }
}

TEST(Npy, TurnsFortranOrderIntoC) {
  // [[1 2 3] [4 5 6]] stored by columns.
  auto array = parseNpy(file(dictionary("|u1", "True", "(2, 3)"), {1, 4, 2, 5, 3, 6}));
  ASSERT_TRUE(bool(array));
  EXPECT_EQ(array->bytes, (Bytes{1, 2, 3, 4, 5, 6}));
  // 2 x 1 x 2 x 2, element (i, j, k, l) = i + 2 k + 4 l.
  auto deep = parseNpy(file(dictionary("|u1", "True", "(2, 1, 2, 2)"), {0, 1, 2, 3, 4, 5, 6, 7}));
  ASSERT_TRUE(bool(deep));
  EXPECT_EQ(deep->bytes, (Bytes{0, 4, 2, 6, 1, 5, 3, 7}));
}

TEST(Npy, ReadsScalarsAndEmptyArrays) {
  auto scalar = parseNpy(file(dictionary("<u2", "False", "()"), {1, 2}));
  ASSERT_TRUE(bool(scalar));
  EXPECT_EQ(scalar->elements(), 1u);
  auto empty = parseNpy(
      file(dictionary("<u2", "False", "(4611686018427387904, 0, 4611686018427387904)"), {}));
  ASSERT_TRUE(bool(empty));
  EXPECT_TRUE(empty->bytes.empty());
}

TEST(Npy, RefusesWhatItCannotRead) {
  std::string good = dictionary("<f4", "False", "(2,)");
  Bytes eight(8);
  EXPECT_THAT(failure({}), HasSubstr("not a .npy file"));
  EXPECT_THAT(failure(Bytes(100, 'x')), HasSubstr("not a .npy file"));
  EXPECT_THAT(failure(file(good, eight, 3)),
              HasSubstr("version 3 of the format is not supported (1 and 2 are)"));
  Bytes huge = file(good, eight);
  huge[8] = huge[9] = 0xff;
  EXPECT_THAT(failure(huge),
              HasSubstr("the file ends inside the header, which claims 65535 bytes"));
  EXPECT_THAT(failure({0x93, 'N', 'U', 'M', 'P', 'Y', 2, 0, 1, 0}),
              HasSubstr("the file ends inside the header"));
  EXPECT_THAT(failure(file(good, Bytes(7))), HasSubstr("8 bytes of elements, the file holds 7"));
  EXPECT_THAT(failure(file(good, Bytes(9))), HasSubstr("the file holds 9"));
  EXPECT_THAT(failure(file(dictionary(">f4", "False", "(2,)"), eight)),
              HasSubstr("not little-endian"));
  EXPECT_THAT(failure(file(dictionary("<c8", "False", "(1,)"), eight)),
              HasSubstr("'<c8' is not supported (b1, i1 to i8, u1 to u8, f2, f4, f8 are)"));
  EXPECT_THAT(failure(file(dictionary("", "False", "(1,)"), eight)), HasSubstr("not supported"));
  EXPECT_THAT(
      failure(file("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", eight)),
      HasSubstr("records and sub-arrays are not supported: descr must be a plain dtype"));
  EXPECT_THAT(failure(file(dictionary("<f4", "Maybe", "(2,)"), eight)),
              HasSubstr("fortran_order is neither True nor False"));
  EXPECT_THAT(failure(file(dictionary("<f4", "False", "2"), eight)), HasSubstr("not a tuple"));
  EXPECT_THAT(failure(file(dictionary("<f4", "False", "(-2,)"), eight)),
              HasSubstr("something else than extents"));
  EXPECT_THAT(failure(file(dictionary("<f4", "False", "(2 2)"), eight)),
              HasSubstr("shape is malformed"));
  EXPECT_THAT(failure(file(dictionary("<f4", "False", "(4294967296, 4294967296, 2)"), eight)),
              HasSubstr("2^64"));
  EXPECT_THAT(failure(file("{'descr': '<f4'}", eight)),
              HasSubstr("the header lacks one of descr, fortran_order, shape"));
  EXPECT_THAT(failure(file("{'descr': '<f4', 'descr': '<f4'}", eight)),
              HasSubstr("unexpected key 'descr'"));
  EXPECT_THAT(failure(file("{'descr", eight)), HasSubstr("the header's dictionary is malformed"));
  EXPECT_THAT(failure(file("[]", eight)), HasSubstr("not a dictionary"));
  EXPECT_THAT(failure(file(good + "x", eight)), HasSubstr("text follows the header's dictionary"));
}

/// Cutting a good file anywhere, or flipping any byte of its header, must not do worse than an
/// error.
TEST(Npy, SurvivesDamage) {
  Bytes good = file(dictionary("<f4", "True", "(2, 3)"), Bytes(24));
  for (size_t size = 0; size < good.size(); ++size)
    EXPECT_NE(failure(Bytes(good.begin(), good.begin() + size)), "no error") << size;
  for (size_t at = 0; at < good.size() - 24; ++at)
    for (int bit = 0; bit < 8; ++bit) {
      Bytes damaged = good;
      damaged[at] ^= 1 << bit;
      auto array = parseNpy(damaged);
      if (array)
        EXPECT_EQ(array->bytes.size(), array->elements() * bytesOf(array->element));
      else
        llvm::consumeError(array.takeError());
    }
}

TEST(Npy, WritesWhatTheFormatDemands) {
  Bytes content = formatNpy({Element::F32, {2, 1}, {1, 2, 3, 4, 5, 6, 7, 8}});
  ASSERT_EQ(content.size(), 128u + 8); // the header is padded to a multiple of 64 bytes
  EXPECT_EQ(Bytes(content.begin(), content.begin() + 10),
            (Bytes{0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0, 118, 0}));
  std::string header(content.begin() + 10, content.begin() + 128);
  EXPECT_THAT(header,
              testing::StartsWith("{'descr': '<f4', 'fortran_order': False, 'shape': (2, 1), } "));
  EXPECT_EQ(header.back(), '\n');
  auto headerOf = [](const Array &array) {
    Bytes bytes = formatNpy(array);
    return std::string(bytes.begin() + 10, bytes.begin() + 128);
  };
  EXPECT_THAT(headerOf({Element::BF16, {3}, Bytes(6)}),
              HasSubstr("'<u2', 'fortran_order': False, 'shape': (3,), }"));
  EXPECT_THAT(headerOf({Element::F8E4M3, {}, Bytes(1)}),
              HasSubstr("'|u1', 'fortran_order': False, 'shape': (), }"));
  EXPECT_THAT(headerOf({Element::I1, {1}, Bytes(1)}), HasSubstr("'|b1'"));
}

TEST(Npy, FilesComeBack) {
  llvm::SmallString<128> path;
  ASSERT_FALSE(llvm::sys::fs::createTemporaryFile("array", "npy", path));
  Array array{Element::I16, {3, 2}, {1, 0, 2, 0, 3, 0, 4, 0, 5, 0, 255, 255}};
  ASSERT_FALSE(bool(writeNpy(path, array)));
  auto back = readNpy(path);
  ASSERT_TRUE(bool(back)) << llvm::toString(back.takeError());
  EXPECT_EQ(back->element, array.element);
  EXPECT_EQ(back->shape, array.shape);
  EXPECT_EQ(back->bytes, array.bytes);
  llvm::sys::fs::remove(path);
  auto missing = readNpy(path);
  EXPECT_THAT(llvm::toString(missing.takeError()), HasSubstr("cannot read '"));
  EXPECT_THAT(llvm::toString(writeNpy("/nonexistent/folder/a.npy", array)), HasSubstr("a.npy"));
}
