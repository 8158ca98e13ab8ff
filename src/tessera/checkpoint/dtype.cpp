#include "tessera/checkpoint/dtype.h"

#include <array>

namespace tessera {
namespace {

struct Names {
  DType dtype;
  std::size_t size;
  std::string_view torch;
  std::string_view safetensors;
  std::string_view storage;
  std::string_view numpy;
};

// In the order of the enumeration.
constexpr std::array<Names, 17> kNames = {{
    {DType::kBool, 1, "bool", "BOOL", "BoolStorage", "b1"},
    {DType::kUInt8, 1, "uint8", "U8", "ByteStorage", "u1"},
    {DType::kInt8, 1, "int8", "I8", "CharStorage", "i1"},
    {DType::kUInt16, 2, "uint16", "U16", "", "u2"},
    {DType::kInt16, 2, "int16", "I16", "ShortStorage", "i2"},
    {DType::kUInt32, 4, "uint32", "U32", "", "u4"},
    {DType::kInt32, 4, "int32", "I32", "IntStorage", "i4"},
    {DType::kUInt64, 8, "uint64", "U64", "", "u8"},
    {DType::kInt64, 8, "int64", "I64", "LongStorage", "i8"},
    {DType::kFloat8E4M3, 1, "float8_e4m3fn", "F8_E4M3", "", ""},
    {DType::kFloat8E5M2, 1, "float8_e5m2", "F8_E5M2", "", ""},
    {DType::kFloat16, 2, "float16", "F16", "HalfStorage", "f2"},
    {DType::kBFloat16, 2, "bfloat16", "BF16", "BFloat16Storage", ""},
    {DType::kFloat32, 4, "float32", "F32", "FloatStorage", "f4"},
    {DType::kFloat64, 8, "float64", "F64", "DoubleStorage", "f8"},
    {DType::kComplex64, 8, "complex64", "C64", "ComplexFloatStorage", "c8"},
    {DType::kComplex128, 16, "complex128", "", "ComplexDoubleStorage", "c16"},
}};

const Names& names(DType dtype) { return kNames[static_cast<std::size_t>(dtype)]; }

std::optional<DType> find(std::string_view Names::*column, std::string_view name) {
  if (name.empty()) return std::nullopt;
  for (const Names& row : kNames)
    if (row.*column == name) return row.dtype;
  return std::nullopt;
}

}  // namespace

std::size_t dtype_size(DType dtype) { return names(dtype).size; }
std::string_view dtype_name(DType dtype) { return names(dtype).torch; }
std::optional<DType> dtype_from_name(std::string_view name) { return find(&Names::torch, name); }
std::string_view safetensors_dtype_name(DType dtype) { return names(dtype).safetensors; }
std::optional<DType> dtype_from_safetensors_name(std::string_view name) {
  return find(&Names::safetensors, name);
}
std::string_view torch_storage_name(DType dtype) { return names(dtype).storage; }
std::optional<DType> dtype_from_torch_storage_name(std::string_view name) {
  return find(&Names::storage, name);
}
std::optional<DType> dtype_from_numpy_code(std::string_view code) {
  return find(&Names::numpy, code);
}

}  // namespace tessera
