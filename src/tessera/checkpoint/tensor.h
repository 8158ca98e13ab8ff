#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "tessera/checkpoint/dtype.h"

namespace tessera {

/// Bytes that one or more tensors look into, most often a piece of a mapped file.
struct TensorStorage {
  std::span<const std::uint8_t> bytes;
  std::shared_ptr<const void> owner;        ///< keeps `bytes` alive
  std::string name;                         ///< for messages: "archive/data/12"
  std::optional<std::uint32_t> crc32 = {};  ///< of `bytes`, where the file states it

  /// Fails when the bytes do not have the checksum that the file states. Reads all of them.
  void verify() const;
};

/// A strided view of a storage. Reading a file makes views only: no element is touched until it is
/// asked for.
struct TensorView {
  DType dtype = DType::kFloat32;
  std::vector<std::int64_t> shape;
  std::vector<std::int64_t> strides;  ///< in elements
  std::int64_t offset = 0;            ///< in elements
  std::shared_ptr<const TensorStorage> storage;

  /// A view of all of `storage` in row-major order.
  static TensorView contiguous(DType dtype, std::vector<std::int64_t> shape,
                               std::shared_ptr<const TensorStorage> storage);

  std::int64_t numel() const;
  /// Bytes of the elements, packed.
  std::uint64_t byte_size() const;
  bool is_contiguous() const;

  /// Hands out the elements in row-major order, in pieces of bounded size (one piece when they lie
  /// so already).
  void for_each_piece(const std::function<void(std::span<const std::uint8_t>)>& use) const;
  /// The elements in row-major order.
  std::vector<std::uint8_t> packed_bytes() const;

  /// Fails unless the sizes are sane and every element lies inside the storage.
  void check() const;
};

/// Strides of a row-major tensor.
std::vector<std::int64_t> contiguous_strides(const std::vector<std::int64_t>& shape);

/// "[64, 3, 7, 7]".
std::string shape_text(const std::vector<std::int64_t>& shape);

/// A storage that owns its bytes.
std::shared_ptr<TensorStorage> make_storage(std::vector<std::uint8_t> bytes);

/// Tensors by name, in the order of the file.
using NamedTensors = std::vector<std::pair<std::string, TensorView>>;

}  // namespace tessera
