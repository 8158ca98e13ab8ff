#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

/// Many bytes looked at in one step. Inline, because a step is shorter than a call.
namespace tessera {

#if defined(__SSE2__)
namespace byte_scan {

inline __m128i load(const std::uint8_t* bytes) {
  return _mm_loadu_si128(reinterpret_cast<const __m128i*>(bytes));
}

/// Bit i is set where byte i is equal.
inline unsigned equal_bits(__m128i a, __m128i b) {
  return static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(a, b)));
}

}  // namespace byte_scan
#endif

/// The first byte of row[begin, size) that differs from the one `distance` before it, or `size`.
inline std::size_t first_change(const std::uint8_t* row, std::size_t begin, std::size_t size,
                                std::size_t distance) {
  std::size_t i = begin;
#if defined(__SSE2__)
  const auto equal_block = [=](std::size_t at) {
    return _mm_cmpeq_epi8(byte_scan::load(row + at), byte_scan::load(row + at - distance));
  };
  constexpr std::size_t kBlock = 16;
  for (; i + 4 * kBlock <= size; i += 4 * kBlock) {
    const __m128i first = _mm_and_si128(equal_block(i), equal_block(i + kBlock));
    const __m128i second = _mm_and_si128(equal_block(i + 2 * kBlock), equal_block(i + 3 * kBlock));
    if (_mm_movemask_epi8(_mm_and_si128(first, second)) != 0xffff) break;
  }
  for (; i + kBlock <= size; i += kBlock) {
    const auto equal = static_cast<unsigned>(_mm_movemask_epi8(equal_block(i)));
    if (equal != 0xffff) return i + static_cast<std::size_t>(std::countr_one(equal));
  }
#endif
  while (i < size && row[i] == row[i - distance]) ++i;
  return i;
}

/// Bit i is set where bytes[i] is not 0; there are 64 bytes.
inline std::uint64_t nonzero_bits(const std::uint8_t* bytes) {
#if defined(__SSE2__)
  using byte_scan::equal_bits;
  const __m128i a = byte_scan::load(bytes), b = byte_scan::load(bytes + 16),
                c = byte_scan::load(bytes + 32), d = byte_scan::load(bytes + 48),
                zero = _mm_setzero_si128();
  const __m128i any = _mm_or_si128(_mm_or_si128(a, b), _mm_or_si128(c, d));
  if (equal_bits(any, zero) == 0xffff) return 0;
  return ~(std::uint64_t{equal_bits(a, zero)} | std::uint64_t{equal_bits(b, zero)} << 16 |
           std::uint64_t{equal_bits(c, zero)} << 32 | std::uint64_t{equal_bits(d, zero)} << 48);
#else
  std::uint64_t bits = 0;
  for (int i = 0; i < 64; ++i) bits |= std::uint64_t{bytes[i] != 0} << i;
  return bits;
#endif
}

}  // namespace tessera
