//===- Npy.cpp - Arrays in NumPy's .npy files ------------------------------===//
//
// Layout of a file: 6 bytes magic, 2 bytes version, the header's length (2 bytes in version 1, 4 in
// version 2), the header (a Python dictionary of three keys, padded with spaces and ended by a
// newline), then the elements.
//
//===----------------------------------------------------------------------===//

#include "ptoas/Sim/Npy.h"
#include "ptoas/Support/OutputFile.h"
#include "llvm/ADT/STLExtras.h"
#include "llvm/ADT/StringExtras.h"
#include "llvm/Support/Endian.h"
#include "llvm/Support/FileSystem.h"
#include "llvm/Support/FileUtilities.h"
#include "llvm/Support/MathExtras.h"
#include "llvm/Support/MemoryBuffer.h"
#include "llvm/Support/raw_ostream.h"
#include <cstring>
#include <optional>
#include <utility>

using namespace pto;
using namespace pto::sim;
using llvm::StringRef;

static constexpr StringRef magic("\x93NUMPY", 6);

static llvm::Error error(const llvm::Twine &message) {
  return llvm::createStringError(llvm::inconvertibleErrorCode(), message);
}

uint64_t Array::elements() const {
  uint64_t count = 1;
  for (int64_t extent : shape)
    count *= uint64_t(extent);
  return count;
}

namespace {
struct TypeRow {
  StringRef code; ///< kind and bytes, without the byte order
  Element element;
};
constexpr TypeRow types[] = {
    {"f2", Element::F16}, {"f4", Element::F32}, {"f8", Element::F64}, {"i1", Element::I8},
    {"i2", Element::I16}, {"i4", Element::I32}, {"i8", Element::I64}, {"u1", Element::U8},
    {"u2", Element::U16}, {"u4", Element::U32}, {"u8", Element::U64}, {"b1", Element::I1},
};

struct Header {
  Element element = Element::F32;
  bool fortranOrder = false;
  std::vector<int64_t> shape;
};

/// Reads the dictionary literal of the header; no other Python is understood.
class HeaderParser {
public:
  explicit HeaderParser(StringRef text) : text(text) {}

  llvm::Expected<Header> parse() {
    if (!take("{"))
      return error("the header is not a dictionary");
    while (!take("}")) {
      auto key = parseString();
      if (!key || !take(":"))
        return error("the header's dictionary is malformed");
      if (llvm::Error problem = parseEntry(*key))
        return problem;
      if (!take(",") && !text.ltrim().starts_with("}"))
        return error("the header's dictionary is malformed");
    }
    if (!seenType || !seenOrder || !seenShape)
      return error("the header lacks one of descr, fortran_order, shape");
    if (!text.trim().empty())
      return error("text follows the header's dictionary");
    return header;
  }

private:
  bool take(StringRef token) {
    text = text.ltrim();
    return text.consume_front(token);
  }

  std::optional<StringRef> parseString() {
    text = text.ltrim();
    if (!text.starts_with("'") && !text.starts_with("\""))
      return std::nullopt;
    size_t end = text.find(text[0], 1);
    if (end == StringRef::npos)
      return std::nullopt;
    StringRef value = text.slice(1, end);
    text = text.drop_front(end + 1);
    return value;
  }

  llvm::Error parseEntry(StringRef key) {
    if (key == "descr" && !std::exchange(seenType, true))
      return parseType();
    if (key == "fortran_order" && !std::exchange(seenOrder, true))
      return parseOrder();
    if (key == "shape" && !std::exchange(seenShape, true))
      return parseShape();
    return error("unexpected key '" + key + "' in the header");
  }

  llvm::Error parseType() {
    auto code = parseString();
    if (!code)
      return error("records and sub-arrays are not supported: descr must be a plain dtype");
    const auto *row = llvm::find_if(types, [&](const TypeRow &r) {
      return code->drop_front(std::min<size_t>(1, code->size())) == r.code;
    });
    if (row == std::end(types))
      return error("dtype '" + *code +
                   "' is not supported (b1, i1 to i8, u1 to u8, f2, f4, f8 are)");
    header.element = row->element;
    char order = code->front();
    if (order == '<' || (bytesOf(row->element) == 1 && (order == '|' || order == '>')))
      return llvm::Error::success();
    return error("dtype '" + *code + "' is not little-endian: store it as '<" + row->code + "'");
  }

  llvm::Error parseOrder() {
    header.fortranOrder = take("True");
    if (header.fortranOrder || take("False"))
      return llvm::Error::success();
    return error("fortran_order is neither True nor False");
  }

  llvm::Error parseShape() {
    if (!take("("))
      return error("the shape is not a tuple");
    while (!take(")")) {
      int64_t extent = 0;
      text = text.ltrim();
      if (text.consumeInteger(10, extent) || extent < 0)
        return error("the shape holds something else than extents");
      header.shape.push_back(extent);
      if (!take(",") && !text.ltrim().starts_with(")"))
        return error("the shape is malformed");
    }
    return llvm::Error::success();
  }

  StringRef text;
  Header header;
  bool seenType = false, seenOrder = false, seenShape = false;
};
} // namespace

/// Bytes of the elements, or nothing when 64 bits cannot hold them.
static std::optional<uint64_t> dataBytes(const Header &header) {
  bool overflow = false;
  uint64_t bytes = bytesOf(header.element);
  bool empty = llvm::is_contained(header.shape, 0);
  for (int64_t extent : header.shape)
    if (!empty && !overflow)
      bytes = llvm::SaturatingMultiply(bytes, uint64_t(extent), &overflow);
  if (overflow)
    return std::nullopt;
  return empty ? 0 : bytes;
}

/// From Fortran order (first dimension consecutive) to C order.
static std::vector<uint8_t> reorder(const Header &header, llvm::ArrayRef<uint8_t> data) {
  unsigned size = bytesOf(header.element);
  std::vector<uint8_t> result(data.size());
  std::vector<int64_t> index(header.shape.size(), 0), pitch(header.shape.size(), 1);
  for (size_t d = 1; d < pitch.size(); ++d)
    pitch[d] = pitch[d - 1] * header.shape[d - 1];
  for (uint64_t to = 0; to < data.size(); to += size) {
    int64_t from = 0;
    for (size_t d = 0; d < index.size(); ++d)
      from += index[d] * pitch[d];
    std::memcpy(result.data() + to, data.data() + from * size, size);
    for (size_t d = index.size(); d-- > 0;) { // counts in C order
      if (++index[d] < header.shape[d])
        break;
      index[d] = 0;
    }
  }
  return result;
}

llvm::Expected<Array> pto::sim::parseNpy(llvm::ArrayRef<uint8_t> content) {
  if (content.size() < 10 || StringRef(reinterpret_cast<const char *>(content.data()), 6) != magic)
    return error("this is not a .npy file");
  unsigned version = content[6];
  if (version != 1 && version != 2)
    return error("version " + llvm::Twine(version) +
                 " of the format is not supported (1 and 2 are)");
  unsigned start = version == 1 ? 10 : 12;
  if (content.size() < start)
    return error("the file ends inside the header");
  uint64_t length = version == 1 ? llvm::support::endian::read16le(content.data() + 8)
                                 : llvm::support::endian::read32le(content.data() + 8);
  if (length > content.size() - start)
    return error("the file ends inside the header, which claims " + llvm::Twine(length) + " bytes");
  auto header =
      HeaderParser({reinterpret_cast<const char *>(content.data()) + start, size_t(length)})
          .parse();
  if (!header)
    return header.takeError();
  llvm::ArrayRef<uint8_t> data = content.drop_front(start + length);
  std::optional<uint64_t> expected = dataBytes(*header);
  if (!expected || *expected != data.size())
    return error("the header announces " +
                 (expected ? std::to_string(*expected) : std::string("more than 2^64")) +
                 " bytes of elements, the file holds " + llvm::Twine(data.size()));
  Array array{header->element, header->shape, {}};
  if (header->fortranOrder && header->shape.size() > 1)
    array.bytes = reorder(*header, data);
  else
    array.bytes.assign(data.begin(), data.end());
  return array;
}

llvm::Expected<Array> pto::sim::readNpy(StringRef path) {
  auto file = llvm::MemoryBuffer::getFile(path, /*IsText=*/false, /*RequiresNullTerminator=*/false);
  if (!file)
    return error("cannot read '" + path + "': " + file.getError().message());
  StringRef text = (*file)->getBuffer();
  auto array = parseNpy({reinterpret_cast<const uint8_t *>(text.data()), text.size()});
  if (!array)
    return error("'" + path + "': " + llvm::toString(array.takeError()));
  return array;
}

/// The dtype under which an element travels: its own, or unsigned integers of its width.
static std::string typeCode(Element element) {
  const auto *row = llvm::find_if(types, [&](const TypeRow &r) { return r.element == element; });
  unsigned size = bytesOf(element);
  std::string code = row != std::end(types) ? row->code.str() : "u" + std::to_string(size);
  return (size == 1 ? "|" : "<") + code;
}

std::vector<uint8_t> pto::sim::formatNpy(const Array &array) {
  std::string header =
      "{'descr': '" + typeCode(array.element) + "', 'fortran_order': False, 'shape': (";
  for (int64_t extent : array.shape)
    header += std::to_string(extent) + ", ";
  if (array.shape.size() > 1)
    header.resize(header.size() - 2); // a tuple of one keeps its comma
  else if (array.shape.size() == 1)
    header.resize(header.size() - 1);
  header += "), }";
  unsigned version = header.size() + 64 < 65536 ? 1 : 2, start = version == 1 ? 10 : 12;
  // The elements start at a multiple of 64 bytes, as NumPy writes them.
  size_t end = llvm::alignTo(start + header.size() + 1, 64);
  header.resize(end - start - 1, ' ');
  header += '\n';

  std::vector<uint8_t> content(start);
  std::memcpy(content.data(), magic.data(), magic.size());
  content[6] = uint8_t(version);
  if (version == 1)
    llvm::support::endian::write16le(content.data() + 8, uint16_t(header.size()));
  else
    llvm::support::endian::write32le(content.data() + 8, uint32_t(header.size()));
  content.insert(content.end(), header.begin(), header.end());
  content.insert(content.end(), array.bytes.begin(), array.bytes.end());
  return content;
}

llvm::Error pto::sim::writeNpy(StringRef path, const Array &array) {
  std::vector<uint8_t> content = formatNpy(array);
  return writeOutputFile(path, [&](llvm::raw_ostream &os) {
    os.write(reinterpret_cast<const char *>(content.data()), content.size());
  });
}
