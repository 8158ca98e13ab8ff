#include "tessera/image/jpeg.h"

#include <turbojpeg.h>

#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "tessera/core/error.h"

namespace tessera::jpeg {
namespace {

struct DestroyHandle {
  void operator()(void* handle) const { tjDestroy(handle); }
};

using Handle = std::unique_ptr<void, DestroyHandle>;

/// This thread's decoder. After a failure it is made anew: TurboJPEG carries the fault over to the
/// next picture.
Handle& decompressor() {
  thread_local Handle handle(tjInitDecompress());
  return handle;
}

[[noreturn]] void fail_decoding(const std::string& name, std::string_view what) {
  const std::string reason = tjGetErrorStr2(decompressor().get());
  decompressor().reset(tjInitDecompress());
  fail("{}: the JPEG is {} ({})", name, what, reason);
}

/// No JPEG coder packs more pixels into a byte; a file that claims to is not given the memory.
constexpr std::uint64_t kMaxPixelsPerByte = 2048;

struct JpegHeader {
  Size size;
  int colorspace = 0;
};

JpegHeader read_header(std::span<const std::uint8_t> bytes, const std::string& name) {
  JpegHeader header;
  int subsampling = 0;
  if (tjDecompressHeader3(decompressor().get(), bytes.data(), bytes.size(), &header.size.width,
                          &header.size.height, &subsampling, &header.colorspace) != 0)
    fail_decoding(name, "corrupt");
  const auto pixels = static_cast<std::uint64_t>(header.size.width) *
                      static_cast<std::uint64_t>(header.size.height);
  if (pixels > kMaxPixelsPerByte * bytes.size())
    fail("{}: the JPEG is cut short ({} bytes for {} pixels)", name, bytes.size(),
         to_string(header.size));
  return header;
}

void decode_into(std::span<const std::uint8_t> bytes, const std::string& name, int format,
                 Image& image) {
  // Warnings count as failures: they mean that pixels are missing or made up.
  if (tjDecompress2(decompressor().get(), bytes.data(), bytes.size(), image.data(), image.width(),
                    0, image.height(), format, 0) != 0)
    fail_decoding(name, "cut short or corrupt");
}

/// OpenCV's conversion of Adobe's inverted CMYK.
Image cmyk_to_rgb(const Image& cmyk) {
  Image rgb(cmyk.size(), 3);
  const std::uint8_t* in = cmyk.data();
  std::uint8_t* out = rgb.data();
  for (std::size_t i = 0; i < rgb.values().size() / 3; ++i, in += 4, out += 3) {
    const int key = in[3];
    for (int c = 0; c < 3; ++c)
      out[c] = static_cast<std::uint8_t>(key - ((255 - in[c]) * key >> 8));
  }
  return rgb;
}

/// Orientations 5 to 8 exchange rows and columns; 2, 3, 4, 6, 7, 8 mirror one axis or both.
Image orient(Image image, int orientation) {
  if (orientation == 1) return image;
  const bool transpose = orientation >= 5;
  const bool mirror_x =
      orientation == 2 || orientation == 3 || orientation == 6 || orientation == 7;
  const bool mirror_y =
      orientation == 3 || orientation == 4 || orientation == 7 || orientation == 8;
  const Size size = transpose ? Size{image.height(), image.width()} : image.size();
  Image turned(size, 3);
  for (int y = 0; y < size.height; ++y) {
    for (int x = 0; x < size.width; ++x) {
      int from_x = mirror_x ? size.width - 1 - x : x;
      int from_y = mirror_y ? size.height - 1 - y : y;
      if (transpose) std::swap(from_x, from_y);
      std::memcpy(&turned.at(x, y), &image.at(from_x, from_y), 3);
    }
  }
  return turned;
}

class TiffReader {
 public:
  TiffReader(std::span<const std::uint8_t> bytes, bool little) : bytes_(bytes), little_(little) {}

  std::uint32_t read(std::size_t at, int count) const {
    if (at + static_cast<std::size_t>(count) > bytes_.size()) return 0;
    std::uint32_t value = 0;
    for (int i = 0; i < count; ++i)
      value |= std::uint32_t{bytes_[at + i]} << 8 * (little_ ? i : count - 1 - i);
    return value;
  }

 private:
  std::span<const std::uint8_t> bytes_;
  bool little_;
};

/// The orientation entry of the first directory of an EXIF block.
int tiff_orientation(std::span<const std::uint8_t> tiff) {
  if (tiff.size() < 8) return 1;
  const TiffReader reader(tiff, tiff[0] == 'I');
  const std::size_t directory = reader.read(4, 4);
  const std::uint32_t entries = reader.read(directory, 2);
  for (std::uint32_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + std::size_t{12} * i;
    if (entry + 12 > tiff.size()) break;
    if (reader.read(entry, 2) != 0x0112) continue;
    const std::uint32_t value = reader.read(entry + 8, 2);
    return value >= 1 && value <= 8 ? static_cast<int>(value) : 1;
  }
  return 1;
}

}  // namespace

bool is_jpeg(std::span<const std::uint8_t> bytes) {
  return bytes.size() >= 3 && bytes[0] == 0xff && bytes[1] == 0xd8 && bytes[2] == 0xff;
}

PictureInfo read_info(std::span<const std::uint8_t> bytes, const std::string& name) {
  if (!is_jpeg(bytes)) fail("{}: neither a PNG nor a JPEG picture", name);
  const JpegHeader header = read_header(bytes, name);
  PictureInfo info;
  info.size =
      exif_orientation(bytes) >= 5 ? Size{header.size.height, header.size.width} : header.size;
  info.channels = header.colorspace == TJCS_GRAY ? 1 : 3;
  return info;
}

Image decode(std::span<const std::uint8_t> bytes, const std::string& name) {
  const JpegHeader header = read_header(bytes, name);
  const bool cmyk = header.colorspace == TJCS_CMYK || header.colorspace == TJCS_YCCK;
  Image image(header.size, cmyk ? 4 : 3);
  decode_into(bytes, name, cmyk ? TJPF_CMYK : TJPF_RGB, image);
  return orient(cmyk ? cmyk_to_rgb(image) : std::move(image), exif_orientation(bytes));
}

int exif_orientation(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view kExif("Exif\0\0", 6);
  std::size_t at = 2;
  while (at + 4 <= bytes.size() && bytes[at] == 0xff && bytes[at + 1] != 0xda) {
    const std::size_t length = std::size_t{bytes[at + 2]} << 8 | bytes[at + 3];
    if (length < 2 || at + 2 + length > bytes.size()) break;
    const auto segment = bytes.subspan(at + 4, length - 2);
    if (bytes[at + 1] == 0xe1 && segment.size() >= kExif.size() &&
        std::memcmp(segment.data(), kExif.data(), kExif.size()) == 0)
      return tiff_orientation(segment.subspan(kExif.size()));
    at += 2 + length;
  }
  return 1;
}

}  // namespace tessera::jpeg

namespace tessera {

std::vector<std::uint8_t> encode_jpeg(const Image& image, int quality) {
  if (image.empty() || (image.channels() != 1 && image.channels() != 3))
    fail("a JPEG is written from 1 or 3 channels, the picture has {}", image.channels());
  thread_local const jpeg::Handle handle(tjInitCompress());
  const bool grey = image.channels() == 1;
  unsigned char* buffer = nullptr;
  unsigned long size = 0;
  const int result = tjCompress2(handle.get(), image.data(), image.width(), 0, image.height(),
                                 grey ? TJPF_GRAY : TJPF_RGB, &buffer, &size,
                                 grey ? TJSAMP_GRAY : TJSAMP_420, quality, TJFLAG_ACCURATEDCT);
  const std::unique_ptr<unsigned char, void (*)(unsigned char*)> owner(buffer, tjFree);
  if (result != 0) fail("the picture cannot be written as JPEG ({})", tjGetErrorStr2(handle.get()));
  return {buffer, buffer + size};
}

}  // namespace tessera
