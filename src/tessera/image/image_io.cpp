#include "tessera/image/image_io.h"

#include <spng.h>
#include <turbojpeg.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "tessera/core/error.h"
#include "tessera/core/file.h"

namespace tessera {
namespace fs = std::filesystem;
namespace {

using Bytes = std::span<const std::uint8_t>;
constexpr std::int64_t kMostPixels = std::int64_t{1} << 30;

struct SpngFree {
  void operator()(spng_ctx* context) const { spng_ctx_free(context); }
};
using Spng = std::unique_ptr<spng_ctx, SpngFree>;

struct TurboFree {
  void operator()(void* handle) const { tjDestroy(handle); }
};
using Turbo = std::unique_ptr<void, TurboFree>;

bool is_png(Bytes bytes) {
  static constexpr std::uint8_t kSignature[] = {0x89, 'P', 'N', 'G', 0x0D, 0x0A, 0x1A, 0x0A};
  return bytes.size() >= sizeof(kSignature) &&
         std::equal(std::begin(kSignature), std::end(kSignature), bytes.begin());
}

bool is_jpeg(Bytes bytes) { return bytes.size() >= 3 && bytes[0] == 0xFF && bytes[1] == 0xD8; }

void check_png(int code, const std::string& name) {
  if (code != 0) fail("{}: broken or truncated PNG ({})", name, spng_strerror(code));
}

/// A decoder whose header has been read.
Spng open_png(Bytes bytes, const std::string& name, spng_ihdr& header) {
  Spng context(spng_ctx_new(0));
  check_png(spng_set_png_buffer(context.get(), bytes.data(), bytes.size()), name);
  check_png(spng_get_ihdr(context.get(), &header), name);
  if (static_cast<std::int64_t>(header.width) * header.height > kMostPixels)
    fail("{}: {}x{} pixels are too many", name, header.width, header.height);
  return context;
}

template <class T>
Pixels<T> decode_png(spng_ctx* context, const spng_ihdr& header, int channels, int format,
                     const std::string& name) {
  Pixels<T> pixels({static_cast<int>(header.width), static_cast<int>(header.height)}, channels);
  const std::size_t bytes = pixels.values().size() * sizeof(T);
  std::size_t needed = 0;
  check_png(spng_decoded_image_size(context, format, &needed), name);
  if (needed != bytes) fail("{}: a PNG of an unexpected kind", name);
  check_png(spng_decode_image(context, pixels.data(), bytes, format, 0), name);
  return pixels;
}

/// Grey or palette values of any bit depth, as stored.
Image16 decode_stored_values(Bytes bytes, const std::string& name) {
  if (!is_png(bytes)) fail("{}: not a PNG", name);
  spng_ihdr header = {};
  const Spng context = open_png(bytes, name, header);
  if (header.color_type != SPNG_COLOR_TYPE_GRAYSCALE &&
      header.color_type != SPNG_COLOR_TYPE_INDEXED)
    fail("{}: a colour PNG; a grey or palette PNG was expected", name);
  if (header.bit_depth == 16)
    return decode_png<std::uint16_t>(context.get(), header, 1, SPNG_FMT_PNG, name);
  std::size_t size = 0;
  check_png(spng_decoded_image_size(context.get(), SPNG_FMT_PNG, &size), name);
  std::vector<std::uint8_t> packed(size);
  check_png(spng_decode_image(context.get(), packed.data(), size, SPNG_FMT_PNG, 0), name);
  Image16 values({static_cast<int>(header.width), static_cast<int>(header.height)}, 1);
  const std::size_t row_bytes = size / header.height;
  const int per_byte = 8 / header.bit_depth, mask = (1 << header.bit_depth) - 1;
  for (int y = 0; y < values.height(); ++y)
    for (int x = 0; x < values.width(); ++x) {
      const int shift = (per_byte - 1 - x % per_byte) * header.bit_depth;
      values.at(x, y) =
          static_cast<std::uint16_t>(packed[y * row_bytes + x / per_byte] >> shift & mask);
    }
  return values;
}

Image decode_jpeg(Bytes bytes, const std::string& name) {
  const Turbo handle(tjInitDecompress());
  Size size;
  int sampling = 0, color_space = 0;
  const auto check = [&](int code) {
    if (code != 0) fail("{}: broken or truncated JPEG ({})", name, tjGetErrorStr2(handle.get()));
  };
  check(tjDecompressHeader3(handle.get(), bytes.data(), bytes.size(), &size.width, &size.height,
                            &sampling, &color_space));
  Image image(size, 3);
  check(tjDecompress2(handle.get(), bytes.data(), bytes.size(), image.data(), size.width, 0,
                      size.height, TJPF_RGB, 0));
  return image;
}

std::vector<std::uint8_t> encode_png_bytes(const void* data, std::size_t bytes, Size size,
                                           std::uint8_t color_type, std::uint8_t bit_depth,
                                           std::span<const Color> palette, int compression) {
  const Spng context(spng_ctx_new(SPNG_CTX_ENCODER));
  spng_set_option(context.get(), SPNG_ENCODE_TO_BUFFER, 1);
  spng_set_option(context.get(), SPNG_IMG_COMPRESSION_LEVEL, compression);
  spng_ihdr header = {static_cast<std::uint32_t>(size.width),
                      static_cast<std::uint32_t>(size.height),
                      bit_depth,
                      color_type,
                      0,
                      0,
                      0};
  int code = spng_set_ihdr(context.get(), &header);
  if (code == 0 && !palette.empty()) {
    spng_plte entries = {};
    entries.n_entries = static_cast<std::uint32_t>(palette.size());
    for (std::size_t i = 0; i < palette.size(); ++i)
      entries.entries[i] = {palette[i][0], palette[i][1], palette[i][2], 255};
    code = spng_set_plte(context.get(), &entries);
  }
  if (code == 0)
    code = spng_encode_image(context.get(), data, bytes, SPNG_FMT_PNG, SPNG_ENCODE_FINALIZE);
  if (code != 0)
    fail("a {} picture cannot be encoded as PNG ({})", to_string(size), spng_strerror(code));
  std::size_t length = 0;
  const std::unique_ptr<void, decltype(&std::free)> buffer(
      spng_get_png_buffer(context.get(), &length, &code), &std::free);
  if (!buffer)
    fail("a {} picture cannot be encoded as PNG ({})", to_string(size), spng_strerror(code));
  const auto* begin = static_cast<const std::uint8_t*>(buffer.get());
  return {begin, begin + length};
}

std::uint8_t color_type_of(int channels) {
  if (channels != 1 && channels != 3) fail("a picture of {} channels cannot be written", channels);
  return channels == 1 ? SPNG_COLOR_TYPE_GRAYSCALE : SPNG_COLOR_TYPE_TRUECOLOR;
}

}  // namespace

PictureInfo read_picture_info(const fs::path& path) {
  const MappedFile file(path);
  const Bytes bytes = file.bytes();
  if (is_png(bytes)) {
    spng_ihdr header = {};
    open_png(bytes, path.string(), header);
    const bool palette = header.color_type == SPNG_COLOR_TYPE_INDEXED;
    const int channels = (header.color_type & 2) != 0 && !palette ? 3 : 1;
    const bool alpha = (header.color_type & 4) != 0;
    return {{static_cast<int>(header.width), static_cast<int>(header.height)},
            channels + (alpha ? 1 : 0),
            header.bit_depth,
            palette};
  }
  if (!is_jpeg(bytes)) fail("{}: neither a PNG nor a JPEG", path.string());
  const Turbo handle(tjInitDecompress());
  PictureInfo info;
  int sampling = 0, color_space = 0;
  if (tjDecompressHeader3(handle.get(), bytes.data(), bytes.size(), &info.size.width,
                          &info.size.height, &sampling, &color_space) != 0)
    fail("{}: broken or truncated JPEG ({})", path.string(), tjGetErrorStr2(handle.get()));
  info.channels = color_space == TJCS_GRAY ? 1 : 3;
  return info;
}

Image read_image(const fs::path& path) {
  const MappedFile file(path);
  return decode_image(file.bytes(), path.string());
}

Image decode_image(Bytes bytes, const std::string& name) {
  if (is_jpeg(bytes)) return decode_jpeg(bytes, name);
  if (!is_png(bytes)) fail("{}: neither a PNG nor a JPEG", name);
  spng_ihdr header = {};
  const Spng context = open_png(bytes, name, header);
  return decode_png<std::uint8_t>(context.get(), header, 3, SPNG_FMT_RGB8, name);
}

LabelMap read_label_png(const fs::path& path) {
  const Image16 values = read_label16_png(path);
  LabelMap labels(values.size(), 1);
  for (std::size_t i = 0; i < values.values().size(); ++i) {
    if (values.values()[i] > 255)
      fail("{}: a 16-bit PNG; an 8-bit one was expected", path.string());
    labels.values()[i] = static_cast<std::uint8_t>(values.values()[i]);
  }
  return labels;
}

Image16 read_label16_png(const fs::path& path) {
  const MappedFile file(path);
  return decode_stored_values(file.bytes(), path.string());
}

Image read_rgb_png(const fs::path& path) {
  const MappedFile file(path);
  const std::string name = path.string();
  if (!is_png(file.bytes())) fail("{}: not a PNG", name);
  spng_ihdr header = {};
  const Spng context = open_png(file.bytes(), name, header);
  if ((header.color_type & 2) == 0 || header.color_type == SPNG_COLOR_TYPE_INDEXED ||
      header.bit_depth != 8)
    fail("{}: an 8-bit RGB PNG was expected", name);
  return decode_png<std::uint8_t>(context.get(), header, 3, SPNG_FMT_RGB8, name);
}

IdMap read_id_png(const fs::path& path) {
  const Image colors = read_rgb_png(path);
  IdMap ids(colors.size(), 1);
  const auto values = colors.values();
  for (std::size_t i = 0; i < ids.values().size(); ++i)
    ids.values()[i] = values[3 * i] + 256u * values[3 * i + 1] + 65536u * values[3 * i + 2];
  return ids;
}

std::vector<std::uint8_t> encode_png(const Image& image, int compression) {
  return encode_png_bytes(image.data(), image.values().size(), image.size(),
                          color_type_of(image.channels()), 8, {}, compression);
}

void write_png(const fs::path& path, const Image& image, int compression) {
  write_file(path, encode_png(image, compression));
}

void write_png(const fs::path& path, const Image16& image, int compression) {
  write_file(path, encode_png_bytes(image.data(), image.values().size() * 2, image.size(),
                                    color_type_of(image.channels()), 16, {}, compression));
}

void write_palette_png(const fs::path& path, const LabelMap& labels, std::span<const Color> palette,
                       int compression) {
  write_file(path, encode_png_bytes(labels.data(), labels.values().size(), labels.size(),
                                    SPNG_COLOR_TYPE_INDEXED, 8, palette, compression));
}

void write_id_png(const fs::path& path, const IdMap& ids, int compression) {
  Image colors(ids.size(), 3);
  for (std::size_t i = 0; i < ids.values().size(); ++i)
    for (int c = 0; c < 3; ++c)
      colors.values()[3 * i + c] = static_cast<std::uint8_t>(ids.values()[i] >> (8 * c));
  write_png(path, colors, compression);
}

std::vector<std::uint8_t> encode_jpeg(const Image& image, int quality) {
  color_type_of(image.channels());
  const bool grey = image.channels() == 1;
  const Turbo handle(tjInitCompress());
  unsigned char* buffer = nullptr;
  unsigned long length = 0;
  const int code = tjCompress2(handle.get(), image.data(), image.width(), 0, image.height(),
                               grey ? TJPF_GRAY : TJPF_RGB, &buffer, &length,
                               grey ? TJSAMP_GRAY : TJSAMP_420, quality, 0);
  const std::unique_ptr<unsigned char, decltype(&tjFree)> owner(buffer, &tjFree);
  if (code != 0)
    fail("a {} picture cannot be encoded as JPEG ({})", to_string(image.size()),
         tjGetErrorStr2(handle.get()));
  return {buffer, buffer + length};
}

void write_jpeg(const fs::path& path, const Image& image, int quality) {
  write_file(path, encode_jpeg(image, quality));
}

}  // namespace tessera
