#include "tessera/checkpoint/tensor.h"

#include <fmt/ranges.h>
#include <libdeflate.h>

#include <algorithm>
#include <cstring>

#include "tessera/core/error.h"

namespace tessera {
namespace {

constexpr std::size_t kPieceBytes = 1 << 20;
constexpr std::size_t kMaxDimensions = 64;

/// numel * element size, or a failure where that does not fit.
std::uint64_t checked_byte_size(const std::vector<std::int64_t>& shape, DType dtype) {
  std::int64_t bytes = static_cast<std::int64_t>(dtype_size(dtype));
  for (const std::int64_t size : shape) {
    if (size < 0) fail("a tensor has the negative size {}", size);
    if (__builtin_mul_overflow(bytes, size, &bytes))
      fail("the shape {} is too large for any file", shape_text(shape));
  }
  return static_cast<std::uint64_t>(bytes);
}

}  // namespace

void TensorStorage::verify() const {
  if (crc32 && libdeflate_crc32(0, bytes.data(), bytes.size()) != *crc32)
    fail("{}: the data does not match its checksum, the file is corrupt; fetch it again", name);
}

TensorView TensorView::contiguous(DType dtype, std::vector<std::int64_t> shape,
                                  std::shared_ptr<const TensorStorage> storage) {
  checked_byte_size(shape, dtype);
  TensorView view;
  view.dtype = dtype;
  view.strides = contiguous_strides(shape);
  view.shape = std::move(shape);
  view.storage = std::move(storage);
  return view;
}

std::int64_t TensorView::numel() const {
  std::int64_t count = 1;
  for (const std::int64_t size : shape) count *= size;
  return count;
}

std::uint64_t TensorView::byte_size() const {
  return static_cast<std::uint64_t>(numel()) * dtype_size(dtype);
}

bool TensorView::is_contiguous() const {
  if (numel() == 0) return true;
  std::int64_t expected = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    if (shape[i] != 1 && strides[i] != expected) return false;
    expected *= shape[i];
  }
  return true;
}

void TensorView::for_each_piece(
    const std::function<void(std::span<const std::uint8_t>)>& use) const {
  if (numel() == 0) return;
  const std::size_t size = dtype_size(dtype);
  const std::uint8_t* base = storage->bytes.data() + static_cast<std::size_t>(offset) * size;
  if (is_contiguous()) return use({base, static_cast<std::size_t>(byte_size())});
  std::vector<std::uint8_t> piece;
  piece.reserve(std::min<std::uint64_t>(kPieceBytes, byte_size()));
  std::vector<std::int64_t> index(shape.size(), 0);
  std::int64_t at = 0;
  for (std::int64_t left = numel(); left > 0; --left) {
    const std::uint8_t* element = base + static_cast<std::size_t>(at) * size;
    piece.insert(piece.end(), element, element + size);
    if (piece.size() + size > kPieceBytes) {
      use(piece);
      piece.clear();
    }
    for (std::size_t axis = shape.size(); axis-- > 0;) {
      at += strides[axis];
      if (++index[axis] < shape[axis]) break;
      at -= strides[axis] * shape[axis];
      index[axis] = 0;
    }
  }
  if (!piece.empty()) use(piece);
}

std::vector<std::uint8_t> TensorView::packed_bytes() const {
  std::vector<std::uint8_t> packed;
  packed.reserve(byte_size());
  for_each_piece([&](std::span<const std::uint8_t> piece) {
    packed.insert(packed.end(), piece.begin(), piece.end());
  });
  return packed;
}

void TensorView::check() const {
  if (shape.size() > kMaxDimensions || strides.size() != shape.size())
    fail("a tensor has {} sizes and {} strides", shape.size(), strides.size());
  if (offset < 0) fail("a tensor has the negative offset {}", offset);
  const bool empty = checked_byte_size(shape, dtype) == 0;
  std::int64_t last = offset;
  for (std::size_t i = 0; i < shape.size() && !empty; ++i) {
    std::int64_t reach = 0;
    if (strides[i] < 0) fail("a tensor has the negative stride {}", strides[i]);
    if (__builtin_mul_overflow(shape[i] - 1, strides[i], &reach) ||
        __builtin_add_overflow(last, reach, &last))
      fail("the strides of a tensor of shape {} reach outside any file", shape_text(shape));
  }
  const std::uint64_t elements = storage->bytes.size() / dtype_size(dtype);
  if (!empty && static_cast<std::uint64_t>(last) >= elements)
    fail("a tensor of shape {} reaches element {} of storage {}, which has {}", shape_text(shape),
         last, storage->name, elements);
}

std::vector<std::int64_t> contiguous_strides(const std::vector<std::int64_t>& shape) {
  std::vector<std::int64_t> strides(shape.size());
  std::int64_t stride = 1;
  for (std::size_t i = shape.size(); i-- > 0;) {
    strides[i] = stride;
    if (__builtin_mul_overflow(stride, std::max<std::int64_t>(shape[i], 1), &stride))
      fail("the shape {} is too large for any file", shape_text(shape));
  }
  return strides;
}

std::string shape_text(const std::vector<std::int64_t>& shape) {
  return fmt::format("[{}]", fmt::join(shape, ", "));
}

std::shared_ptr<TensorStorage> make_storage(std::vector<std::uint8_t> bytes) {
  auto held = std::make_shared<const std::vector<std::uint8_t>>(std::move(bytes));
  auto storage = std::make_shared<TensorStorage>();
  storage->bytes = *held;
  storage->owner = held;
  storage->name = "memory";
  return storage;
}

}  // namespace tessera
