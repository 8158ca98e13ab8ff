#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace tessera {

/// The element types of torch tensors.
enum class DType : std::uint8_t {
  kBool,
  kUInt8,
  kInt8,
  kUInt16,
  kInt16,
  kUInt32,
  kInt32,
  kUInt64,
  kInt64,
  kFloat8E4M3,
  kFloat8E5M2,
  kFloat16,
  kBFloat16,
  kFloat32,
  kFloat64,
  kComplex64,
  kComplex128,
};

/// Bytes of one element.
std::size_t dtype_size(DType dtype);

/// torch's name: "float32".
std::string_view dtype_name(DType dtype);
std::optional<DType> dtype_from_name(std::string_view name);

/// safetensors' name: "F32"; empty for complex128, which that format does not have.
std::string_view safetensors_dtype_name(DType dtype);
std::optional<DType> dtype_from_safetensors_name(std::string_view name);

/// The class of torch's typed storage: "FloatStorage"; empty for the dtypes younger than those
/// classes.
std::string_view torch_storage_name(DType dtype);
std::optional<DType> dtype_from_torch_storage_name(std::string_view name);

/// numpy's type code without its byte order: "f4".
std::optional<DType> dtype_from_numpy_code(std::string_view code);

}  // namespace tessera
