#include "tessera/image/png.h"

#include <libdeflate.h>
#include <spng.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "tessera/core/error.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace tessera::png {
namespace {

constexpr std::array<std::uint8_t, 8> kSignature = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
/// Larger pictures than any camera's are refused before memory is asked for.
constexpr std::uint64_t kMaxPixels = 1ULL << 30;
/// Deflate cannot expand data more than this.
constexpr std::uint64_t kMaxExpansion = 1032;

std::uint32_t big_endian(const std::uint8_t* p) {
  return std::uint32_t{p[0]} << 24 | std::uint32_t{p[1]} << 16 | std::uint32_t{p[2]} << 8 | p[3];
}

struct Chunk {
  std::string_view type;
  std::span<const std::uint8_t> data;
};

/// Hands out one chunk after the other, each with its CRC checked.
class ChunkReader {
 public:
  ChunkReader(std::span<const std::uint8_t> bytes, const std::string& name)
      : rest_(bytes), name_(name) {
    if (!is_png(bytes)) fail("{}: not a PNG file", name);
    rest_ = rest_.subspan(kSignature.size());
  }

  Chunk next() {
    if (rest_.size() < 12) fail("{}: the PNG is cut short", name_);
    const std::size_t length = big_endian(rest_.data());
    if (length > rest_.size() - 12) fail("{}: the PNG is cut short", name_);
    const Chunk chunk{{reinterpret_cast<const char*>(rest_.data() + 4), 4},
                      rest_.subspan(8, length)};
    if (libdeflate_crc32(0, rest_.data() + 4, length + 4) != big_endian(rest_.data() + 8 + length))
      fail("{}: the PNG is corrupt (wrong checksum of a chunk)", name_);
    rest_ = rest_.subspan(length + 12);
    return chunk;
  }

 private:
  std::span<const std::uint8_t> rest_;
  const std::string& name_;
};

Header parse_header(const Chunk& chunk, const std::string& name) {
  if (chunk.type != "IHDR" || chunk.data.size() != 13)
    fail("{}: the PNG is corrupt (no header)", name);
  const std::uint8_t* p = chunk.data.data();
  const std::uint64_t width = big_endian(p), height = big_endian(p + 4);
  if (width == 0 || height == 0 || width > INT32_MAX || height > INT32_MAX)
    fail("{}: the PNG is corrupt (its size is {}x{})", name, width, height);
  if (width * height > kMaxPixels)
    fail("{}: the PNG claims {}x{} pixels, more than {} are not read", name, width, height,
         kMaxPixels);
  Header header;
  header.size = {static_cast<int>(width), static_cast<int>(height)};
  header.bit_depth = p[8];
  header.color = static_cast<ColorType>(p[9]);
  header.interlaced = p[12] != 0;
  const int depth = header.bit_depth;
  bool valid = false;
  switch (header.color) {
    case ColorType::kGrey:
      valid = depth == 1 || depth == 2 || depth == 4 || depth == 8 || depth == 16;
      break;
    case ColorType::kPalette:
      valid = depth == 1 || depth == 2 || depth == 4 || depth == 8;
      break;
    case ColorType::kRgb:
    case ColorType::kGreyAlpha:
    case ColorType::kRgba:
      valid = depth == 8 || depth == 16;
      break;
  }
  if (!valid || p[10] != 0 || p[11] != 0 || p[12] > 1)
    fail("{}: the PNG is corrupt (colour type {} with {} bits, methods {} {} {})", name, p[9],
         depth, p[10], p[11], p[12]);
  return header;
}

struct FreeDecompressor {
  void operator()(libdeflate_decompressor* d) const { libdeflate_free_decompressor(d); }
};

/// Buffers that every picture decoded on a thread shares, so that steady work does not allocate.
struct Scratch {
  std::vector<std::uint8_t> compressed;
  std::vector<std::uint8_t> rows;
  std::unique_ptr<libdeflate_decompressor, FreeDecompressor> inflater{
      libdeflate_alloc_decompressor()};
};

Scratch& scratch() {
  thread_local Scratch buffers;
  return buffers;
}

// Row filters. `prior` is the row above, unfiltered; a picture's first row has one of zeros.

//
// In pictures of labels nearly every filtered byte is 0, and over such a stretch a filter says "the
// same as before" or "the same as above": whole blocks are filled or copied.

template <int kBytes>
constexpr std::size_t kBlock = 16 * kBytes;  ///< 16 pixels

bool all_zero(const std::uint8_t* bytes, std::size_t count) {
  std::uint8_t any = 0;
  for (std::size_t i = 0; i < count; ++i) any |= bytes[i];
  return any == 0;
}

/// A block of one pixel, built again only when the pixel changes.
template <int kBytes>
class PixelBlock {
 public:
  const std::uint8_t* of(const std::uint8_t* pixel) {
    if (std::memcmp(block_.data(), pixel, kBytes) != 0)
      for (std::size_t i = 0; i < block_.size(); ++i) block_[i] = pixel[i % kBytes];
    return block_.data();
  }

 private:
  std::array<std::uint8_t, kBlock<kBytes>> block_ = {};
};

template <int kBytes>
void undo_sub(std::uint8_t* row, std::size_t count) {
  PixelBlock<kBytes> same;
  std::size_t i = kBytes;
  while (i < count) {
    if (i + kBlock<kBytes> <= count && all_zero(row + i, kBlock<kBytes>)) {
      std::memcpy(row + i, same.of(row + i - kBytes), kBlock<kBytes>);
      i += kBlock<kBytes>;
      continue;
    }
    for (const std::size_t end = std::min(count, i + kBlock<kBytes>); i < end; ++i)
      row[i] = static_cast<std::uint8_t>(row[i] + row[i - kBytes]);
  }
}

void undo_up(std::uint8_t* row, const std::uint8_t* prior, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) row[i] = static_cast<std::uint8_t>(row[i] + prior[i]);
}

template <int kBytes>
void undo_average(std::uint8_t* row, const std::uint8_t* prior, std::size_t count) {
  for (std::size_t i = 0; i < kBytes && i < count; ++i)
    row[i] = static_cast<std::uint8_t>(row[i] + prior[i] / 2);
  for (std::size_t i = kBytes; i < count; ++i)
    row[i] = static_cast<std::uint8_t>(row[i] + (row[i - kBytes] + prior[i]) / 2);
}

/// The bytes [begin, end) of a row, which begin with a pixel that is not the first.
template <int kBytes>
void undo_paeth_scalar(std::uint8_t* row, const std::uint8_t* prior, std::size_t begin,
                       std::size_t end) {
  for (std::size_t i = begin; i < end; ++i)
    row[i] =
        static_cast<std::uint8_t>(row[i] + paeth(row[i - kBytes], prior[i], prior[i - kBytes]));
}

#if defined(__SSE2__)
template <int kBytes>
__m128i load_pixel(const std::uint8_t* p) {
  std::uint32_t value = 0;
  std::memcpy(&value, p, kBytes);
  return _mm_cvtsi32_si128(static_cast<int>(value));
}

template <int kBytes>
void store_pixel(std::uint8_t* p, __m128i value) {
  const int bits = _mm_cvtsi128_si32(value);
  std::memcpy(p, &bits, kBytes);
}

__m128i absolute16(__m128i x) { return _mm_max_epi16(x, _mm_sub_epi16(_mm_setzero_si128(), x)); }
__m128i select(__m128i mask, __m128i yes, __m128i no) {
  return _mm_or_si128(_mm_and_si128(mask, yes), _mm_andnot_si128(mask, no));
}

/// A pixel's 3 or 4 channels at once; the chain from pixel to pixel stays.
template <int kBytes>
void undo_paeth_pixels(std::uint8_t* row, const std::uint8_t* prior, std::size_t begin,
                       std::size_t end) {
  const __m128i zero = _mm_setzero_si128();
  __m128i left = _mm_unpacklo_epi8(load_pixel<kBytes>(row + begin - kBytes), zero);
  __m128i corner = _mm_unpacklo_epi8(load_pixel<kBytes>(prior + begin - kBytes), zero);
  for (std::size_t i = begin; i + kBytes <= end; i += kBytes) {
    const __m128i above = _mm_unpacklo_epi8(load_pixel<kBytes>(prior + i), zero);
    const __m128i delta = load_pixel<kBytes>(row + i);
    const __m128i da = _mm_sub_epi16(above, corner);
    const __m128i db = _mm_sub_epi16(left, corner);
    const __m128i pa = absolute16(da), pb = absolute16(db), pc = absolute16(_mm_add_epi16(da, db));
    const __m128i smallest = _mm_min_epi16(pc, _mm_min_epi16(pa, pb));
    const __m128i nearest = select(_mm_cmpeq_epi16(smallest, pa), left,
                                   select(_mm_cmpeq_epi16(smallest, pb), above, corner));
    const __m128i pixel = _mm_add_epi8(delta, _mm_packus_epi16(nearest, nearest));
    store_pixel<kBytes>(row + i, pixel);
    left = _mm_unpacklo_epi8(pixel, zero);
    corner = above;
  }
}
#endif

template <int kBytes>
void undo_paeth_part(std::uint8_t* row, const std::uint8_t* prior, std::size_t begin,
                     std::size_t end) {
#if defined(__SSE2__)
  if constexpr (kBytes == 3 || kBytes == 4) {
    undo_paeth_pixels<kBytes>(row, prior, begin, end);
    return;
  }
#endif
  undo_paeth_scalar<kBytes>(row, prior, begin, end);
}

template <int kBytes>
void undo_paeth(std::uint8_t* row, const std::uint8_t* prior, std::size_t count) {
  for (std::size_t i = 0; i < kBytes && i < count; ++i)
    row[i] = static_cast<std::uint8_t>(row[i] + prior[i]);
  PixelBlock<kBytes> same_left, same_above;
  for (std::size_t i = kBytes; i < count;) {
    const std::size_t end = std::min(count, i + kBlock<kBytes>);
    const std::uint8_t *left = row + i - kBytes, *corner = prior + i - kBytes;
    if (end - i < kBlock<kBytes> || !all_zero(row + i, kBlock<kBytes>)) {
      undo_paeth_part<kBytes>(row, prior, i, end);
    } else if (std::memcmp(left, corner, kBytes) == 0) {
      // Left and corner agree, so above is predicted; then they agree at the next pixel too.
      std::memcpy(row + i, prior + i, kBlock<kBytes>);
    } else if (std::memcmp(prior + i, same_above.of(corner), kBlock<kBytes>) == 0) {
      // Above and corner agree, so left is predicted.
      std::memcpy(row + i, same_left.of(left), kBlock<kBytes>);
    } else {
      undo_paeth_part<kBytes>(row, prior, i, end);
    }
    i = end;
  }
}

/// Rows of (filter byte, data); leaves the data unfiltered in place. False on an unknown filter.
template <int kBytes>
bool unfilter_rows(std::uint8_t* rows, int height, std::size_t row_bytes) {
  const std::vector<std::uint8_t> zeros(row_bytes);
  const std::uint8_t* prior = zeros.data();
  for (int y = 0; y < height; ++y) {
    std::uint8_t* row = rows + static_cast<std::size_t>(y) * (row_bytes + 1);
    const std::uint8_t filter = *row++;
    switch (filter) {
      case 0:
        break;
      case 1:
        undo_sub<kBytes>(row, row_bytes);
        break;
      case 2:
        undo_up(row, prior, row_bytes);
        break;
      case 3:
        undo_average<kBytes>(row, prior, row_bytes);
        break;
      case 4:
        undo_paeth<kBytes>(row, prior, row_bytes);
        break;
      default:
        return false;
    }
    prior = row;
  }
  return true;
}

bool unfilter(std::uint8_t* rows, const Header& header) {
  const std::size_t row_bytes = header.row_bytes();
  const int height = header.size.height;
  switch (std::max(1, header.channels() * header.bit_depth / 8)) {
    case 1:
      return unfilter_rows<1>(rows, height, row_bytes);
    case 2:
      return unfilter_rows<2>(rows, height, row_bytes);
    case 3:
      return unfilter_rows<3>(rows, height, row_bytes);
    case 4:
      return unfilter_rows<4>(rows, height, row_bytes);
    case 6:
      return unfilter_rows<6>(rows, height, row_bytes);
    default:
      return unfilter_rows<8>(rows, height, row_bytes);
  }
}

}  // namespace

int Header::channels() const {
  switch (color) {
    case ColorType::kRgb:
      return 3;
    case ColorType::kGreyAlpha:
      return 2;
    case ColorType::kRgba:
      return 4;
    default:
      return 1;
  }
}

std::size_t Header::row_bytes() const {
  return (static_cast<std::size_t>(size.width) * channels() * bit_depth + 7) / 8;
}

std::string describe(const Header& header) {
  const char* kind = "RGBA";
  if (header.color == ColorType::kGrey) kind = "grey";
  if (header.color == ColorType::kRgb) kind = "RGB";
  if (header.color == ColorType::kPalette) kind = "palette";
  if (header.color == ColorType::kGreyAlpha) kind = "grey with alpha";
  return fmt::format("{}-bit {}", header.bit_depth, kind);
}

void fail_wrong_kind(const Header& header, const std::string& name, std::string_view expected) {
  fail("{}: is a {} PNG, {} was expected", name, describe(header), expected);
}

void require_values(const Header& header, const std::string& name) {
  if (header.color != ColorType::kGrey && header.color != ColorType::kPalette)
    fail_wrong_kind(header, name, "8- or 16-bit grey or palette");
}

void require_rgb(const Header& header, const std::string& name) {
  const bool colour = header.color == ColorType::kRgb || header.color == ColorType::kRgba;
  if (!colour || header.bit_depth != 8) fail_wrong_kind(header, name, "8-bit RGB");
}

bool is_png(std::span<const std::uint8_t> bytes) {
  return bytes.size() >= kSignature.size() &&
         std::memcmp(bytes.data(), kSignature.data(), kSignature.size()) == 0;
}

Header read_header(std::span<const std::uint8_t> bytes, const std::string& name) {
  return parse_header(ChunkReader(bytes, name).next(), name);
}

Parsed parse(std::span<const std::uint8_t> bytes, const std::string& name) {
  ChunkReader chunks(bytes, name);
  Parsed parsed;
  parsed.header = parse_header(chunks.next(), name);
  std::vector<std::uint8_t>& joined = scratch().compressed;
  joined.clear();
  int parts = 0;
  for (Chunk chunk = chunks.next(); chunk.type != "IEND"; chunk = chunks.next()) {
    if (chunk.type == "PLTE") {
      if (chunk.data.size() % 3 != 0 || chunk.data.size() > 768)
        fail("{}: the PNG is corrupt (its palette has {} bytes)", name, chunk.data.size());
      parsed.palette.resize(chunk.data.size() / 3);
      for (std::size_t i = 0; i < parsed.palette.size(); ++i)
        parsed.palette[i] = {chunk.data[3 * i], chunk.data[3 * i + 1], chunk.data[3 * i + 2]};
    } else if (chunk.type == "IDAT") {
      if (++parts == 2) joined.assign(parsed.pixels.begin(), parsed.pixels.end());
      if (parts >= 2) joined.insert(joined.end(), chunk.data.begin(), chunk.data.end());
      parsed.pixels = parts == 1 ? chunk.data : std::span<const std::uint8_t>(joined);
    } else if ((chunk.type[0] & 0x20) == 0) {
      fail("{}: the PNG needs an unknown feature (chunk '{}')", name, chunk.type);
    }
  }
  if (parts == 0) fail("{}: the PNG is corrupt (no pixel data)", name);
  if (parsed.header.color == ColorType::kPalette && parsed.palette.empty())
    fail("{}: the PNG is corrupt (no palette)", name);
  return parsed;
}

std::uint8_t* inflate(const Parsed& parsed, const std::string& name) {
  const Size size = parsed.header.size;
  const std::size_t raw_size = parsed.header.filtered_bytes();
  if (raw_size > (parsed.pixels.size() + 64) * kMaxExpansion)
    fail("{}: the PNG is cut short (too few bytes for {} pixels)", name, to_string(size));
  Scratch& buffers = scratch();
  if (buffers.rows.size() < raw_size + kReadablePadding)
    buffers.rows.resize(raw_size + kReadablePadding);
  std::size_t written = 0;
  const libdeflate_result result =
      libdeflate_zlib_decompress(buffers.inflater.get(), parsed.pixels.data(), parsed.pixels.size(),
                                 buffers.rows.data(), raw_size, &written);
  if (result == LIBDEFLATE_INSUFFICIENT_SPACE)
    fail("{}: the PNG is corrupt (more pixel data than its size {} holds)", name, to_string(size));
  if (result != LIBDEFLATE_SUCCESS)
    fail("{}: the PNG is corrupt (its pixel data cannot be inflated)", name);
  if (written != raw_size)
    fail("{}: the PNG is cut short ({} of {} bytes of pixel data)", name, written, raw_size);
  return buffers.rows.data();
}

void fail_unknown_filter(const std::string& name) {
  fail("{}: the PNG is corrupt (unknown row filter)", name);
}

Decoded::Decoded(std::span<const std::uint8_t> bytes, const std::string& name)
    : parsed_(parse(bytes, name)) {
  if (parsed_.header.interlaced)
    decode_interlaced(bytes, name);
  else
    decode_plain(name);
}

void Decoded::decode_plain(const std::string& name) {
  stride_ = parsed_.header.row_bytes() + 1;
  std::uint8_t* rows = inflate(parsed_, name);
  if (!unfilter(rows, parsed_.header)) fail_unknown_filter(name);
  rows_ = rows + 1;
}

void Decoded::decode_interlaced(std::span<const std::uint8_t> bytes, const std::string& name) {
  const std::unique_ptr<spng_ctx, void (*)(spng_ctx*)> context(spng_ctx_new(0), spng_ctx_free);
  stride_ = parsed_.header.row_bytes();
  const std::size_t size = stride_ * static_cast<std::size_t>(parsed_.header.size.height);
  if (size > bytes.size() * kMaxExpansion)
    fail("{}: the PNG is cut short (too few bytes for {} pixels)", name,
         to_string(parsed_.header.size));
  Scratch& buffers = scratch();
  if (buffers.rows.size() < size) buffers.rows.resize(size);
  int error = spng_set_png_buffer(context.get(), bytes.data(), bytes.size());
  if (error == 0)
    error = spng_decode_image(context.get(), buffers.rows.data(), size, SPNG_FMT_PNG, 0);
  if (error != 0) fail("{}: the PNG is corrupt ({})", name, spng_strerror(error));
  // SPNG_FMT_PNG gives 16-bit samples in the machine's order; rows keep the file's.
  if (parsed_.header.bit_depth == 16) {
    for (std::size_t i = 0; i + 1 < size; i += 2) {
      std::uint16_t value = 0;
      std::memcpy(&value, buffers.rows.data() + i, 2);
      buffers.rows[i] = static_cast<std::uint8_t>(value >> 8);
      buffers.rows[i + 1] = static_cast<std::uint8_t>(value & 0xff);
    }
  }
  rows_ = buffers.rows.data();
}

}  // namespace tessera::png
