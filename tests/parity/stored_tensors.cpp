#include "stored_tensors.h"

#include <cstdint>
#include <cstring>
#include <span>

#include "manifest.h"
#include "tessera/core/error.h"
#include "tessera/core/file.h"

namespace tessera::parity {
namespace {

template <class T>
std::vector<double> widen(std::span<const std::uint8_t> bytes) {
  std::vector<double> values(bytes.size() / sizeof(T));
  for (std::size_t i = 0; i < values.size(); ++i) {
    T value;
    std::memcpy(&value, bytes.data() + i * sizeof(T), sizeof(T));
    values[i] = static_cast<double>(value);
  }
  return values;
}

std::vector<double> widen(const std::string& dtype, std::span<const std::uint8_t> bytes) {
  if (dtype == "F32") return widen<float>(bytes);
  if (dtype == "F64") return widen<double>(bytes);
  if (dtype == "I64") return widen<std::int64_t>(bytes);
  if (dtype == "I32") return widen<std::int32_t>(bytes);
  if (dtype == "I16") return widen<std::int16_t>(bytes);
  if (dtype == "U16") return widen<std::uint16_t>(bytes);
  if (dtype == "U8" || dtype == "BOOL") return widen<std::uint8_t>(bytes);
  fail("dtype {} is none that goldens are stored in", dtype);
}

}  // namespace

std::map<std::string, Values> read_stored_tensors(const std::filesystem::path& path) {
  const MappedFile file(path);
  const std::span<const std::uint8_t> bytes = file.bytes();
  std::uint64_t header_size = 0;
  if (bytes.size() < sizeof(header_size)) fail("{}: too short for safetensors", path.string());
  std::memcpy(&header_size, bytes.data(), sizeof(header_size));
  if (header_size > bytes.size() - sizeof(header_size))
    fail("{}: a header of {} bytes in a file of {}", path.string(), header_size, bytes.size());
  const auto header_bytes = bytes.subspan(sizeof(header_size), header_size);
  const auto data = bytes.subspan(sizeof(header_size) + header_size);
  std::map<std::string, Values> tensors;
  try {
    const Json header = Json::parse(header_bytes.begin(), header_bytes.end());
    for (const auto& [name, entry] : header.items()) {
      if (name == "__metadata__") continue;
      const auto begin = entry.at("data_offsets").at(0).get<std::uint64_t>();
      const auto end = entry.at("data_offsets").at(1).get<std::uint64_t>();
      if (begin > end || end > data.size()) fail("tensor '{}' lies outside the file", name);
      const auto dtype = entry.at("dtype").get<std::string>();
      Values values{entry.at("shape").get<std::vector<std::int64_t>>(),
                    widen(dtype, data.subspan(begin, end - begin)), dtype[0] != 'F'};
      if (static_cast<std::size_t>(values.numel()) != values.data.size())
        fail("tensor '{}' has {} values for shape {}", name, values.data.size(),
             format_shape(values.shape));
      tensors.emplace(name, std::move(values));
    }
  } catch (const nlohmann::json::exception& error) {
    fail("{}: {}", path.string(), error.what());
  } catch (const Error&) {
    rethrow_with_context(path.string());
  }
  return tensors;
}

}  // namespace tessera::parity
