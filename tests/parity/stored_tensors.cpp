#include "stored_tensors.h"

#include <cstdint>
#include <cstring>
#include <span>

#include "tessera/checkpoint/safetensors.h"
#include "tessera/core/error.h"

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

std::vector<double> widen(const TensorView& tensor) {
  const std::vector<std::uint8_t> bytes = tensor.packed_bytes();
  switch (tensor.dtype) {
    case DType::kFloat32:
      return widen<float>(bytes);
    case DType::kFloat64:
      return widen<double>(bytes);
    case DType::kInt64:
      return widen<std::int64_t>(bytes);
    case DType::kInt32:
      return widen<std::int32_t>(bytes);
    case DType::kInt16:
      return widen<std::int16_t>(bytes);
    case DType::kUInt16:
      return widen<std::uint16_t>(bytes);
    case DType::kUInt8:
    case DType::kBool:
      return widen<std::uint8_t>(bytes);
    default:
      fail("dtype {} is none that goldens are stored in", dtype_name(tensor.dtype));
  }
}

}  // namespace

std::map<std::string, Values> read_stored_tensors(const std::filesystem::path& path) {
  std::map<std::string, Values> tensors;
  for (const auto& [name, tensor] : read_safetensors(path).tensors) {
    const bool integral = tensor.dtype != DType::kFloat32 && tensor.dtype != DType::kFloat64;
    tensors[name] = with_context(fmt::format("{}: tensor '{}'", path.string(), name), [&] {
      return Values{tensor.shape, widen(tensor), integral};
    });
  }
  return tensors;
}

}  // namespace tessera::parity
