// png_bench ROUNDS FILE...: processor time to decode these PNGs (already in memory) with every
// decoder that Debian has, and to inflate their pixel data alone with every inflater. All run once
// a round; printed are the medians over the rounds.
#include <fmt/core.h>
#include <isa-l/igzip_lib.h>
#include <libdeflate.h>
#include <png.h>
#include <spng.h>
#include <zlib.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <functional>
#include <memory>
#include <opencv2/imgcodecs.hpp>
#include <stdexcept>
#include <vector>

#include "tessera/core/file.h"
#include "tessera/image/png.h"

namespace {

using Bytes = std::vector<std::uint8_t>;

struct Picture {
  std::string name;
  Bytes file, deflated;
  std::size_t raw_size = 0;
};

std::uint32_t big_endian(const std::uint8_t* p) {
  return std::uint32_t{p[0]} << 24 | std::uint32_t{p[1]} << 16 | std::uint32_t{p[2]} << 8 | p[3];
}

Picture read_picture(const char* path) {
  Picture picture{path, tessera::read_file(path), {}, 0};
  const auto header = tessera::png::read_header(picture.file, path);
  picture.raw_size = (header.row_bytes() + 1) * static_cast<std::size_t>(header.size.height);
  for (std::size_t at = 8; at + 12 <= picture.file.size();) {
    const std::size_t length = big_endian(&picture.file[at]);
    if (std::memcmp(&picture.file[at + 4], "IDAT", 4) == 0)
      picture.deflated.insert(picture.deflated.end(), &picture.file[at + 8],
                              &picture.file[at + 8] + length);
    at += length + 12;
  }
  return picture;
}

void require(bool good, const Picture& picture) {
  if (!good) throw std::runtime_error(picture.name + ": could not be decoded");
}

void decode_tessera(const Picture& picture, Bytes&) {
  tessera::png::Decoded(picture.file, picture.name);
}

void decode_spng(const Picture& picture, Bytes& out) {
  const std::unique_ptr<spng_ctx, void (*)(spng_ctx*)> context(spng_ctx_new(0), spng_ctx_free);
  std::size_t size = 0;
  require(spng_set_png_buffer(context.get(), picture.file.data(), picture.file.size()) == 0 &&
              spng_decoded_image_size(context.get(), SPNG_FMT_PNG, &size) == 0,
          picture);
  if (out.size() < size) out.resize(size);
  require(spng_decode_image(context.get(), out.data(), size, SPNG_FMT_PNG, 0) == 0, picture);
}

void decode_libpng(const Picture& picture, Bytes& out) {
  png_structp png = png_create_read_struct(PNG_LIBPNG_VER_STRING, nullptr, nullptr, nullptr);
  png_infop info = png_create_info_struct(png);
  std::span<const std::uint8_t> rest = picture.file;
  png_set_read_fn(png, &rest, [](png_structp reader, png_bytep to, png_size_t count) {
    auto& left = *static_cast<std::span<const std::uint8_t>*>(png_get_io_ptr(reader));
    if (count > left.size()) png_error(reader, "cut short");
    std::memcpy(to, left.data(), count);
    left = left.subspan(count);
  });
  png_read_info(png, info);
  const std::size_t stride = png_get_rowbytes(png, info), height = png_get_image_height(png, info);
  if (out.size() < stride * height) out.resize(stride * height);
  std::vector<png_bytep> rows(height);
  for (std::size_t y = 0; y < height; ++y) rows[y] = out.data() + y * stride;
  png_read_image(png, rows.data());
  png_destroy_read_struct(&png, &info, nullptr);
}

void decode_opencv(const Picture& picture, Bytes&) {
  require(!cv::imdecode(picture.file, cv::IMREAD_UNCHANGED).empty(), picture);
}

void inflate_libdeflate(const Picture& picture, Bytes& out) {
  static libdeflate_decompressor* const inflater = libdeflate_alloc_decompressor();
  require(libdeflate_zlib_decompress(inflater, picture.deflated.data(), picture.deflated.size(),
                                     out.data(), picture.raw_size, nullptr) == LIBDEFLATE_SUCCESS,
          picture);
}

void inflate_igzip(const Picture& picture, Bytes& out) {
  inflate_state state;
  isal_inflate_init(&state);
  state.crc_flag = ISAL_ZLIB;
  state.next_in = const_cast<std::uint8_t*>(picture.deflated.data());
  state.avail_in = static_cast<std::uint32_t>(picture.deflated.size());
  state.next_out = out.data();
  state.avail_out = static_cast<std::uint32_t>(picture.raw_size);
  require(isal_inflate_stateless(&state) == ISAL_DECOMP_OK && state.total_out == picture.raw_size,
          picture);
}

void inflate_zlib(const Picture& picture, Bytes& out) {
  uLongf size = picture.raw_size;
  require(uncompress(out.data(), &size, picture.deflated.data(), picture.deflated.size()) == Z_OK,
          picture);
}

double seconds() { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; }

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) {
    fmt::print(stderr, "png_bench ROUNDS FILE...\n");
    return 2;
  }
  std::vector<Picture> pictures;
  std::size_t largest = 0, raw = 0;
  for (int i = 2; i < argc; ++i) {
    pictures.push_back(read_picture(argv[i]));
    largest = std::max(largest, pictures.back().raw_size);
    raw += pictures.back().raw_size;
  }
  struct Contender {
    const char* name;
    std::function<void(const Picture&, Bytes&)> decode;
    std::vector<double> times;
  };
  std::vector<Contender> contenders = {{"decode tessera", decode_tessera, {}},
                                       {"decode libspng", decode_spng, {}},
                                       {"decode libpng", decode_libpng, {}},
                                       {"decode OpenCV", decode_opencv, {}},
                                       {"inflate libdeflate", inflate_libdeflate, {}},
                                       {"inflate igzip", inflate_igzip, {}},
                                       {"inflate zlib", inflate_zlib, {}}};
  cv::setNumThreads(1);
  Bytes out(largest);
  for (int round = 0; round < std::max(1, std::atoi(argv[1])); ++round)
    for (Contender& contender : contenders) {
      const double start = seconds();
      for (const Picture& picture : pictures) contender.decode(picture, out);
      contender.times.push_back(seconds() - start);
    }
  for (Contender& contender : contenders) {
    std::sort(contender.times.begin(), contender.times.end());
    const double median = contender.times[contender.times.size() / 2];
    fmt::print("{:<20} {:7.3f} s  {:6.0f} MB/s\n", contender.name, median,
               static_cast<double>(raw) / 1e6 / median);
  }
}
