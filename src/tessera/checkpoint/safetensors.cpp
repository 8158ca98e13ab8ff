#include "tessera/checkpoint/safetensors.h"

#include <simdjson.h>

#include <algorithm>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/interrupt.h"

namespace tessera {
namespace {

namespace dom = simdjson::dom;

constexpr std::uint64_t kMaxHeaderBytes = 100'000'000;  // as the reference implementation
constexpr std::size_t kLengthBytes = 8;

struct Range {
  std::uint64_t begin;
  std::uint64_t end;
  std::string_view name;
};

std::uint64_t header_length(std::span<const std::uint8_t> bytes) {
  if (bytes.size() < kLengthBytes)
    fail("too short for a safetensors file ({} bytes, 8 hold the header's length)", bytes.size());
  std::uint64_t length = 0;
  std::memcpy(&length, bytes.data(), kLengthBytes);
  if (length > kMaxHeaderBytes)
    fail("the header claims {} bytes, at most {} are allowed; is it a safetensors file?", length,
         kMaxHeaderBytes);
  if (length > bytes.size() - kLengthBytes)
    fail("the header claims {} bytes, the file ends after {}; it is truncated", length,
         bytes.size() - kLengthBytes);
  return length;
}

template <class T>
T get(dom::element element, std::string_view name, const char* what) {
  T value;
  if (element.get(value) != simdjson::SUCCESS) fail("tensor '{}': {}", name, what);
  return value;
}

dom::element member(dom::object object, std::string_view name, const char* key) {
  dom::element value;
  if (object.at_key(key).get(value) != simdjson::SUCCESS)
    fail("tensor '{}': '{}' is missing from the header", name, key);
  return value;
}

TensorView parse_tensor(std::string_view name, dom::element description,
                        std::span<const std::uint8_t> data,
                        const std::shared_ptr<const void>& owner, std::vector<Range>& ranges) {
  const auto object = get<dom::object>(description, name, "its description is not an object");
  const auto type = get<std::string_view>(member(object, name, "dtype"), name, "dtype is no text");
  const std::optional<DType> dtype = dtype_from_safetensors_name(type);
  if (!dtype) fail("tensor '{}': unknown dtype '{}'", name, type);
  std::vector<std::int64_t> shape;
  for (const dom::element size :
       get<dom::array>(member(object, name, "shape"), name, "shape is not a list")) {
    shape.push_back(get<std::int64_t>(size, name, "a size is not a whole number"));
    if (shape.back() < 0) fail("tensor '{}': the size {} is negative", name, shape.back());
  }
  const auto offsets =
      get<dom::array>(member(object, name, "data_offsets"), name, "data_offsets is not a list");
  if (offsets.size() != 2) fail("tensor '{}': data_offsets must be two numbers", name);
  const char* kNoOffset = "an offset is not a whole number of 0 or more";
  const auto begin = get<std::uint64_t>(offsets.at(0).value(), name, kNoOffset);
  const auto end = get<std::uint64_t>(offsets.at(1).value(), name, kNoOffset);
  if (begin > end || end > data.size())
    fail(
        "tensor '{}': its data at {}..{} lies outside the file's {} bytes of data; the file is "
        "truncated or its header lies",
        name, begin, end, data.size());
  auto storage = std::make_shared<TensorStorage>();
  storage->bytes = data.subspan(begin, end - begin);
  storage->owner = owner;
  storage->name = name;
  return with_context(fmt::format("tensor '{}'", name), [&] {
    TensorView view = TensorView::contiguous(*dtype, std::move(shape), std::move(storage));
    if (view.byte_size() != end - begin)
      fail("shape {} of {} takes {} bytes, the header gives it {}", shape_text(view.shape), type,
           view.byte_size(), end - begin);
    ranges.push_back({begin, end, name});
    return view;
  });
}

void check_ranges(std::vector<Range>& ranges, std::uint64_t data_size) {
  std::sort(ranges.begin(), ranges.end(), [](const Range& a, const Range& b) {
    return std::tie(a.begin, a.end) < std::tie(b.begin, b.end);
  });
  std::uint64_t at = 0;
  for (const Range& range : ranges) {
    if (range.begin < at) fail("tensor '{}': its data overlaps another tensor's", range.name);
    if (range.begin > at)
      fail("{} bytes before tensor '{}' belong to no tensor", range.begin - at, range.name);
    at = range.end;
  }
  if (at != data_size) fail("{} bytes at the end belong to no tensor", data_size - at);
}

std::map<std::string, std::string> parse_metadata(dom::element element) {
  std::map<std::string, std::string> metadata;
  for (const auto& [key, value] :
       get<dom::object>(element, "__metadata__", "not an object of texts"))
    metadata.emplace(key, get<std::string_view>(value, "__metadata__", "a value is not a text"));
  return metadata;
}

}  // namespace

Safetensors parse_safetensors(std::span<const std::uint8_t> bytes,
                              std::shared_ptr<const void> owner) {
  const std::uint64_t length = header_length(bytes);
  const std::span<const std::uint8_t> data = bytes.subspan(kLengthBytes + length);
  dom::parser parser;
  dom::element header;
  const auto* text = reinterpret_cast<const char*>(bytes.data() + kLengthBytes);
  if (const auto error = parser.parse(text, length).get(header); error != simdjson::SUCCESS)
    fail("the header is not valid JSON ({}); is it a safetensors file?",
         simdjson::error_message(error));
  dom::object entries;
  if (header.get(entries) != simdjson::SUCCESS) fail("the header is not a JSON object");
  Safetensors result;
  std::set<std::string_view> seen;
  std::vector<Range> ranges;
  for (const auto& [name, description] : entries) {
    if (!seen.insert(name).second) fail("the name '{}' stands twice in the header", name);
    if (name == "__metadata__")
      result.metadata = parse_metadata(description);
    else
      result.tensors.emplace_back(name, parse_tensor(name, description, data, owner, ranges));
  }
  check_ranges(ranges, data.size());
  return result;
}

Safetensors read_safetensors(const std::filesystem::path& path) {
  auto file = std::make_shared<const MappedFile>(path);
  return with_context(path.string(), [&] { return parse_safetensors(file->bytes(), file); });
}

void write_safetensors(const std::filesystem::path& path, const NamedTensors& tensors,
                       const std::map<std::string, std::string>& metadata) {
  std::vector<const NamedTensors::value_type*> order;
  for (const auto& entry : tensors) order.push_back(&entry);
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return dtype_size(a->second.dtype) > dtype_size(b->second.dtype);
  });
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header["__metadata__"] = metadata;
  std::uint64_t at = 0;
  std::set<std::string_view> seen;
  for (const auto* entry : order) {
    const auto& [name, view] = *entry;
    if (name == "__metadata__" || !seen.insert(name).second)
      fail("{}: the tensor name '{}' cannot be written twice or is reserved", path.string(), name);
    const std::string_view type = safetensors_dtype_name(view.dtype);
    if (type.empty())
      fail("{}: tensor '{}' is {}, which safetensors does not have; write a .pth instead",
           path.string(), name, dtype_name(view.dtype));
    header[name] = {
        {"dtype", type}, {"shape", view.shape}, {"data_offsets", {at, at + view.byte_size()}}};
    at += view.byte_size();
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const nlohmann::json::exception&) {
    fail("{}: a tensor's name is not valid UTF-8, which safetensors needs", path.string());
  }
  text.resize((text.size() + 7) / 8 * 8, ' ');
  const std::uint64_t length = text.size();
  AtomicFile file(path);
  file.write(std::string_view(reinterpret_cast<const char*>(&length), sizeof length));
  file.write(text);
  for (const auto* entry : order) {
    check_interrupt();
    entry->second.for_each_piece([&](auto piece) { file.write(piece); });
  }
  file.sync();
  file.commit();
}

}  // namespace tessera
