#include "tessera/image/image_io.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <cstring>
#include <fstream>
#include <functional>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/random.h"
#include "test_support.h"

namespace tessera {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;
using ImageIo = test::TemporaryFolder;

template <class T>
Pixels<T> random_pixels(Size size, int channels, int largest, int run = 5) {
  Random random(size.width * 31 + channels);
  Pixels<T> pixels(size, channels);
  T value = 0;
  for (T& p : pixels.values()) {
    if (random.uniform_int(0, run) == 0) value = static_cast<T>(random.uniform_int(0, largest));
    p = value;
  }
  return pixels;
}

TEST_F(ImageIo, WhatIsWrittenIsReadBack) {
  const auto path = folder_ / "a.png";
  const Image rgb = random_pixels<std::uint8_t>({37, 19}, 3, 255, 0);
  write_png(path, rgb);
  EXPECT_EQ(read_rgb_png(path), rgb);
  EXPECT_EQ(read_image(path), rgb);

  const LabelMap labels = random_pixels<std::uint8_t>({64, 33}, 1, 255);
  write_png(path, labels);
  EXPECT_EQ(read_label_png(path), labels);

  const Image16 labels16 = random_pixels<std::uint16_t>({5, 7}, 1, 65535);
  write_png(path, labels16);
  EXPECT_EQ(read_label16_png(path), labels16);

  const IdMap ids = random_pixels<std::uint32_t>({20, 30}, 1, 0xffffff);
  write_id_png(path, ids);
  EXPECT_EQ(read_id_png(path), ids);
}

TEST_F(ImageIo, PaletteIsLookedUpForPicturesAndKeptAsIndicesForLabels) {
  const auto path = folder_ / "a.png";
  const LabelMap labels = random_pixels<std::uint8_t>({9, 8}, 1, 2);
  const Color palette[] = {{0, 0, 0}, {128, 0, 0}, {0, 128, 7}};
  write_palette_png(path, labels, palette);
  EXPECT_EQ(read_label_png(path), labels);
  const Image image = read_image(path);
  EXPECT_EQ(image.at(3, 4, 2), palette[labels.at(3, 4)][2]);
  EXPECT_TRUE(read_picture_info(path).palette);
}

/// Labels in large areas, each row with another filter: what is filled and copied must be what
/// OpenCV decodes byte by byte.
TEST_F(ImageIo, LabelsDecodeWithEveryFilter) {
  std::ofstream(folder_ / "make.py") << R"(
import numpy as np, cv2, struct, zlib
rng = np.random.default_rng(2)
def paeth(a, b, c):
    p = a + b - c
    pa, pb, pc = abs(p - a), abs(p - b), abs(p - c)
    return np.where((pa <= pb) & (pa <= pc), a, np.where(pb <= pc, b, c))
def chunk(kind, data):
    return struct.pack('>I', len(data)) + kind + data + struct.pack('>I', zlib.crc32(kind + data))
for name, colour, depth, channels in (('g8', 0, 8, 1), ('g16', 0, 16, 1), ('ga', 4, 8, 2), ('rgb', 2, 8, 3),
                                      ('rgba', 6, 8, 4), ('rgb16', 2, 16, 3), ('rgba16', 6, 16, 4)):
    size = channels * depth // 8
    h, w = 120, 211
    a = np.zeros((h, w, size), np.uint8)
    for _ in range(25):
        x, y = rng.integers(0, w), rng.integers(0, h)
        a[y:y + rng.integers(1, 70), x:x + rng.integers(1, 120)] = rng.integers(0, 256, size)
    a[60:70] = a[59]
    a[rng.integers(0, h, 40), rng.integers(0, w, 40)] = 7
    if channels in (2, 4): a[:, :, size - depth // 8:] = 255
    rows = b''
    wide = a.astype(int)
    for y in range(h):
        row = wide[y]
        above = wide[y - 1] if y else np.zeros_like(row)
        left = np.vstack([np.zeros((1, size), int), row[:-1]])
        corner = np.vstack([np.zeros((1, size), int), above[:-1]])
        kind = int(rng.integers(0, 5))
        guess = (0 * row, left, above, (left + above) // 2, paeth(left, above, corner))[kind]
        rows += bytes([kind]) + ((row - guess) % 256).astype(np.uint8).tobytes()
    with open(name + '.png', 'wb') as f:
        f.write(b'\x89PNG\r\n\x1a\n' + chunk(b'IHDR', struct.pack('>IIBBBBB', w, h, depth, colour, 0, 0, 0)) +
                chunk(b'IDAT', zlib.compress(rows)) + chunk(b'IEND', b''))
    seen = cv2.imread(name + '.png', cv2.IMREAD_COLOR)[:, :, ::-1]
    np.ascontiguousarray(seen).tofile(name + '.png.raw')
)";
  const auto made = test::run_shell("cd " + folder_.string() + " && /usr/bin/python3 make.py");
  ASSERT_EQ(made.exit_code, 0) << made.err;
  for (const char* name : {"g8", "g16", "ga", "rgb", "rgba", "rgb16", "rgba16"}) {
    const auto path = folder_ / (std::string(name) + ".png");
    const Image image = read_image(path);
    const auto expected = read_file(path.string() + ".raw");
    ASSERT_EQ(image.values().size(), expected.size()) << name;
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), image.data())) << name;
  }
}

/// Everything that Debian's PIL and OpenCV write must decode to the pixels that they read back.
TEST_F(ImageIo, DecodesWhatThePythonReferencesWrite) {
  std::ofstream(folder_ / "make.py") << R"(
import numpy as np, cv2, sys
from PIL import Image
rng = np.random.default_rng(1)
def smooth(h, w, c):
    a = cv2.GaussianBlur(rng.integers(0, 256, (h, w, c)).astype(np.float32), (0, 0), 3)
    a = (a - a.min()) / (a.max() - a.min()) * 255
    return a.reshape(h, w, c).astype(np.uint8)
for h, w in ((1, 1), (33, 47), (64, 129)):
    n = f'{h}x{w}'
    rgb = smooth(h, w, 3)
    Image.fromarray(rgb).save(f'{n}_rgb.png')
    Image.fromarray(rgb).save(f'{n}_444.jpg', quality=90, subsampling=0)
    Image.fromarray(rgb).save(f'{n}_420.jpg', quality=75)
    Image.fromarray(rgb).save(f'{n}_progressive.jpg', progressive=True)
    Image.fromarray(rgb[:, :, 0]).save(f'{n}_grey.jpg')
    exif = Image.Exif(); exif[0x0112] = 6
    Image.fromarray(rgb).save(f'{n}_turned.jpg', exif=exif)
    cv2.imwrite(f'{n}_cv.png', rgb)
    Image.fromarray(np.dstack([rgb, rgb[:, :, :1]])).save(f'{n}_rgba.png')
    Image.fromarray(rgb[:, :, 0]).save(f'{n}_grey.png')
    cv2.imwrite(f'{n}_rgb16.png', rgb.astype(np.uint16) * 257)
    cv2.imwrite(f'{n}_grey16.png', rgb[:, :, 0].astype(np.uint16) * 201)
    for colours, name in ((2, 'p1'), (4, 'p2'), (16, 'p4'), (200, 'p8')):
        p = Image.fromarray(rgb).quantize(colours)
        p.save(f'{n}_{name}.png')
    Image.fromarray(rgb[:, :, 0] > 99).save(f'{n}_bits.png')
import glob
for f in sorted(glob.glob('*.png') + glob.glob('*.jpg')):
    a = cv2.imread(f, cv2.IMREAD_COLOR)[:, :, ::-1]
    np.ascontiguousarray(a).tofile(f + '.raw')
    if f.endswith('grey16.png') or '_p' in f and f.endswith('.png') or f.endswith('grey.png'):
        np.array(Image.open(f)).astype(np.uint16).tofile(f + '.labels')
)";
  const auto made = test::run_shell("cd " + folder_.string() + " && /usr/bin/python3 make.py");
  ASSERT_EQ(made.exit_code, 0) << made.err;
  int pictures = 0, labels = 0;
  for (const auto& entry : std::filesystem::directory_iterator(folder_)) {
    const auto path = entry.path();
    if (path.extension() != ".png" && path.extension() != ".jpg") continue;
    const Image image = read_image(path);
    const auto expected = read_file(path.string() + ".raw");
    ASSERT_EQ(image.values().size(), expected.size()) << path;
    EXPECT_TRUE(std::equal(expected.begin(), expected.end(), image.data())) << path;
    EXPECT_EQ(read_picture_info(path).size, image.size()) << path;
    ++pictures;
    if (!std::filesystem::exists(path.string() + ".labels")) continue;
    const Image16 values = read_label16_png(path);
    const auto raw = read_file(path.string() + ".labels");
    ASSERT_EQ(values.values().size() * 2, raw.size()) << path;
    EXPECT_EQ(std::memcmp(values.data(), raw.data(), raw.size()), 0) << path;
    ++labels;
  }
  EXPECT_EQ(pictures, 48);
  EXPECT_EQ(labels, 18);
}

TEST_F(ImageIo, PythonReadsWhatWeWrite) {
  const Image rgb = random_pixels<std::uint8_t>({37, 19}, 3, 255, 0);
  const Image16 labels = random_pixels<std::uint16_t>({64, 33}, 1, 65535);
  write_png(folder_ / "rgb.png", rgb);
  write_png(folder_ / "labels.png", labels);
  write_file(folder_ / "rgb.raw", rgb.values());
  write_file(folder_ / "labels.raw",
             {reinterpret_cast<const std::uint8_t*>(labels.data()), labels.values().size() * 2});
  const auto read = test::run_shell("cd " + folder_.string() + R"( && /usr/bin/python3 -c "
import cv2, numpy as np
rgb = cv2.imread('rgb.png', cv2.IMREAD_UNCHANGED)[:, :, ::-1]
assert (rgb.ravel() == np.fromfile('rgb.raw', np.uint8)).all()
labels = cv2.imread('labels.png', cv2.IMREAD_UNCHANGED)
assert labels.dtype == np.uint16 and (labels.ravel() == np.fromfile('labels.raw', np.uint16)).all()
")");
  EXPECT_EQ(read.exit_code, 0) << read.err;
}

TEST_F(ImageIo, JpegRoundTripIsClose) {
  Image image({64, 48}, 3);
  for (int y = 0; y < 48; ++y)
    for (int x = 0; x < 64; ++x) image.at(x, y, 0) = static_cast<std::uint8_t>(4 * x);
  write_jpeg(folder_ / "a.jpg", image, 95);
  const Image back = read_image(folder_ / "a.jpg");
  ASSERT_EQ(back.size(), image.size());
  for (int x = 0; x < 64; ++x) EXPECT_NEAR(back.at(x, 20, 0), image.at(x, 20, 0), 6);
}

TEST_F(ImageIo, ACutJpegDoesNotSpoilTheNextOne) {
  const auto whole = encode_jpeg(random_pixels<std::uint8_t>({64, 48}, 3, 255));
  const Image expected = decode_image(whole, "whole.jpg");
  EXPECT_THROW(decode_image(std::span(whole).first(whole.size() / 2), "cut.jpg"), Error);
  EXPECT_EQ(decode_image(whole, "whole.jpg"), expected);
}

TEST_F(ImageIo, AHugeJpegClaimIsRefusedBeforeMemoryIsAsked) {
  auto jpeg = encode_jpeg(random_pixels<std::uint8_t>({64, 48}, 3, 255));
  const std::uint8_t frame[] = {0xff, 0xc0};
  const auto at = std::search(jpeg.begin(), jpeg.end(), std::begin(frame), std::end(frame));
  ASSERT_NE(at, jpeg.end());
  for (int i = 0; i < 4; i += 2) {  // height and width
    at[5 + i] = 60000 >> 8;
    at[6 + i] = 60000 & 0xff;
  }
  EXPECT_THAT([&] { decode_image(jpeg, "a.jpg"); },
              ThrowsMessage<Error>(HasSubstr("bytes for 60000x60000 pixels")));
}

TEST_F(ImageIo, JpegsAreThoseThatPilWrites) {
  const Image image = random_pixels<std::uint8_t>({37, 29}, 3, 255, 9);
  write_png(folder_ / "a.png", image);
  write_jpeg(folder_ / "a.jpg", image, 75);
  const auto same = test::run_shell("cd " + folder_.string() + R"( && /usr/bin/python3 -c "
from PIL import Image
Image.open('a.png').save('b.jpg', quality=75)
assert open('a.jpg', 'rb').read() == open('b.jpg', 'rb').read()
")");
  EXPECT_EQ(same.exit_code, 0) << same.err;
}

TEST_F(ImageIo, InterlacedPictures) {
  // An 8x8 Adam7 grey picture whose pixels are 8y + x, written by hand after the specification.
  const std::string hex =
      "89504e470d0a1a0a0000000d49484452000000080000000808000000019663d1c1000000564944415478da05"
      "c1870242000005c067cf6485ecec96552932feffafdc01a011672059240554ddb4d0f6ef0104c570d08c938d"
      "4b9a97e85e9f2f784194e483728473763d3f082354d7dbfdf1ac1bfcc6e93f2febb603ee6307e1245f6e8f00"
      "00000049454e44ae426082";
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    bytes.push_back(static_cast<std::uint8_t>(std::stoi(hex.substr(i, 2), nullptr, 16)));
  write_file(folder_ / "a.png", bytes);
  const LabelMap labels = read_label_png(folder_ / "a.png");
  for (int i = 0; i < 64; ++i) EXPECT_EQ(labels.values()[i], i);
}

TEST_F(ImageIo, WrongKindSaysWhatItFound) {
  const auto path = folder_ / "a.png";
  write_png(path, Image({4, 4}, 3));
  EXPECT_THAT([&] { read_label_png(path); },
              ThrowsMessage<Error>(HasSubstr("a.png: is a 8-bit RGB PNG, 8-bit grey or palette")));
  write_png(path, Image16({4, 4}, 1));
  EXPECT_THAT([&] { read_id_png(path); }, ThrowsMessage<Error>(HasSubstr("is a 16-bit grey PNG")));
  EXPECT_THAT([&] { read_label_png(path); }, ThrowsMessage<Error>(HasSubstr("16-bit grey")));
  write_text_file(path, "hello");
  EXPECT_THAT([&] { read_image(path); },
              ThrowsMessage<Error>(HasSubstr("neither a PNG nor a JPEG")));
  EXPECT_THAT([&] { read_id_png(path); }, ThrowsMessage<Error>(HasSubstr("not a PNG")));
  write_text_file(path, "");
  EXPECT_THAT([&] { read_image(path); }, ThrowsMessage<Error>(HasSubstr("the file is empty")));
  EXPECT_THAT([&] { read_image(folder_ / "none.png"); },
              ThrowsMessage<Error>(HasSubstr("no such file")));
  EXPECT_THAT([&] { read_image(folder_); }, ThrowsMessage<Error>(HasSubstr("is a directory")));
  EXPECT_THAT(
      [&] {
        write_id_png(path, IdMap({1, 1}, 1, 1u << 24));
      },
      ThrowsMessage<Error>(HasSubstr("more than the 24 bits")));
}

TEST_F(ImageIo, EveryTruncationAndEveryFlippedByteIsAnError) {
  const Image rgb = random_pixels<std::uint8_t>({23, 11}, 3, 255, 2);
  const auto png = encode_png(rgb);
  for (std::size_t size = 0; size < png.size(); ++size) {
    EXPECT_THROW(decode_image(std::span(png).first(size), "cut.png"), Error) << size;
  }
  for (std::size_t i = 0; i < png.size(); ++i) {
    auto damaged = png;
    damaged[i] ^= 0x10;
    EXPECT_THROW(decode_image(damaged, "damaged.png"), Error) << i;
  }
  const auto jpeg = encode_jpeg(rgb);
  for (std::size_t size = 0; size + 2 < jpeg.size(); size += 7)
    EXPECT_THROW(decode_image(std::span(jpeg).first(size), "cut.jpg"), Error) << size;
}

TEST_F(ImageIo, HugeClaimsAreRefusedBeforeMemoryIsAsked) {
  auto png = encode_png(Image({4, 4}, 3));
  const auto with_size = [&](std::uint32_t width, std::uint32_t height) {
    for (int i = 0; i < 4; ++i) {
      png[16 + i] = static_cast<std::uint8_t>(width >> (24 - 8 * i));
      png[20 + i] = static_cast<std::uint8_t>(height >> (24 - 8 * i));
    }
    // The header's checksum is computed over the type and the data.
    std::uint32_t crc = 0xffffffff;
    for (int i = 12; i < 29; ++i) {
      crc ^= png[i];
      for (int b = 0; b < 8; ++b) crc = crc >> 1 ^ (crc & 1 ? 0xedb88320 : 0);
    }
    for (int i = 0; i < 4; ++i) png[29 + i] = static_cast<std::uint8_t>(~crc >> (24 - 8 * i));
    return png;
  };
  EXPECT_THAT([&] { decode_image(with_size(100000, 100000), "a"); },
              ThrowsMessage<Error>(HasSubstr("claims 100000x100000")));
  EXPECT_THAT([&] { decode_image(with_size(30000, 30000), "a"); },
              ThrowsMessage<Error>(HasSubstr("too few bytes")));
  EXPECT_THAT([&] { decode_image(with_size(0, 5), "a"); }, ThrowsMessage<Error>(HasSubstr("0x5")));
  EXPECT_THAT([&] { decode_image(with_size(40, 40), "a"); },
              ThrowsMessage<Error>(HasSubstr("cut short")));
}

TEST_F(ImageIo, AnUnwritablePathIsNamedOnce) {
  const auto path = folder_ / "absent" / "a.png";
  const auto once =
      ThrowsMessage<Error>(::testing::Not(::testing::ContainsRegex("absent/a.png.*absent/a.png")));
  const auto named = ThrowsMessage<Error>(HasSubstr(path.string()));
  const auto expect = [&](const std::function<void()>& write) {
    EXPECT_THAT(write, named);
    EXPECT_THAT(write, once);
  };
  expect([&] { write_png(path, Image({2, 2}, 3)); });
  expect([&] { write_png(path, Image16({2, 2}, 1)); });
  expect([&] { write_palette_png(path, LabelMap({2, 2}, 1), std::vector<Color>(1)); });
  expect([&] { write_palette_png(path, LabelMap({2, 2}, 1, 3), std::vector<Color>(1)); });
  expect([&] { write_png(path, Image({2, 2}, 2)); });
}

}  // namespace
}  // namespace tessera
