#include "tessera/checkpoint/safetensors.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstring>
#include <fstream>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "test_support.h"

namespace tessera {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

std::string with_header(const std::string& header, std::size_t data_bytes) {
  const std::uint64_t length = header.size();
  std::string file(8, '\0');
  std::memcpy(file.data(), &length, 8);
  return file + header + std::string(data_bytes, '\0');
}

void expect_refused(const std::string& file, const std::string& message) {
  auto held = std::make_shared<const std::string>(file);
  const std::span bytes(reinterpret_cast<const std::uint8_t*>(held->data()), held->size());
  EXPECT_THAT([&] { parse_safetensors(bytes, held); }, ThrowsMessage<Error>(HasSubstr(message)));
}

using SafetensorsTest = test::TemporaryFolder;

TEST_F(SafetensorsTest, EveryDtypeComesBack) {
  NamedTensors tensors;
  for (int i = 0; i < 16; ++i) {
    const auto dtype = static_cast<DType>(i);
    std::vector<std::uint8_t> bytes(6 * dtype_size(dtype));
    for (std::size_t k = 0; k < bytes.size(); ++k) bytes[k] = static_cast<std::uint8_t>(k % 2);
    tensors.emplace_back(std::string(dtype_name(dtype)),
                         TensorView::contiguous(dtype, {2, 3}, make_storage(bytes)));
  }
  write_safetensors(folder_ / "a.safetensors", tensors, {{"format", "pt"}});
  const Safetensors back = read_safetensors(folder_ / "a.safetensors");
  EXPECT_EQ(back.metadata.at("format"), "pt");
  ASSERT_EQ(back.tensors.size(), 16u);
  for (const auto& [name, tensor] : back.tensors) {
    EXPECT_EQ(dtype_name(tensor.dtype), name);
    EXPECT_EQ(tensor.packed_bytes().size(), 6 * dtype_size(tensor.dtype));
    EXPECT_EQ(tensor.packed_bytes()[1], 1);
  }
}

TEST_F(SafetensorsTest, StridedViewsAreWrittenRowMajor) {
  TensorView view = TensorView::contiguous(DType::kUInt8, {2, 3}, make_storage({0, 1, 2, 3, 4, 5}));
  view.shape = {3, 2};
  view.strides = {1, 3};
  write_safetensors(folder_ / "a.safetensors", {{"x", view}});
  EXPECT_THAT(read_safetensors(folder_ / "a.safetensors").tensors[0].second.packed_bytes(),
              ::testing::ElementsAre(0, 3, 1, 4, 2, 5));
}

TEST_F(SafetensorsTest, FilesOver4GigabytesByASparseFile) {
  const std::uint64_t size = (std::uint64_t{5} << 30);
  const std::string header = R"({"a":{"dtype":"U8","shape":[)" + std::to_string(size) +
                             R"(],"data_offsets":[0,)" + std::to_string(size) +
                             R"(]},"b":{"dtype":"U8","shape":[1],"data_offsets":[)" +
                             std::to_string(size) + "," + std::to_string(size + 1) + "]}}";
  std::ofstream file(folder_ / "big.safetensors", std::ios::binary);
  file << with_header(header, 0);
  file.seekp(static_cast<std::streamoff>(8 + header.size() + size));
  file.put('\x2a');
  file.close();
  const Safetensors big = read_safetensors(folder_ / "big.safetensors");
  EXPECT_EQ(big.tensors[1].second.packed_bytes(), std::vector<std::uint8_t>{0x2a});
}

TEST(Safetensors, HeadersThatLieAreRefused) {
  const auto tensor = [](const char* name, const char* shape, int begin, int end) {
    return fmt::format(R"("{}":{{"dtype":"F32","shape":{},"data_offsets":[{},{}]}})", name, shape,
                       begin, end);
  };
  expect_refused("", "too short");
  expect_refused(std::string(8, '\xff'), "at most 100000000");
  expect_refused(with_header("{}", 0).substr(0, 9), "truncated");
  expect_refused(with_header("{]", 0), "not valid JSON");
  expect_refused(with_header("[]", 0), "not a JSON object");
  expect_refused(with_header("{" + tensor("a", "[2]", 0, 4) + "}", 4), "takes 8 bytes");
  expect_refused(with_header("{" + tensor("a", "[2]", 0, 8) + "}", 4), "outside the file");
  expect_refused(with_header("{" + tensor("a", "[2]", 4, 12) + "}", 12), "belong to no tensor");
  expect_refused(with_header("{" + tensor("a", "[2]", 0, 8) + "}", 9), "at the end");
  expect_refused(
      with_header("{" + tensor("a", "[2]", 0, 8) + "," + tensor("b", "[2]", 4, 12) + "}", 12),
      "overlaps");
  expect_refused(
      with_header("{" + tensor("a", "[1]", 0, 4) + "," + tensor("a", "[1]", 4, 8) + "}", 8),
      "stands twice");
  expect_refused(with_header("{" + tensor("a", "[-1]", 0, 4) + "}", 4), "negative");
  expect_refused(
      with_header("{" + tensor("a", "[4611686018427387904,4611686018427387904]", 0, 4) + "}", 4),
      "too large");
  expect_refused(with_header(R"({"a":{"dtype":"Q7","shape":[],"data_offsets":[0,0]}})", 0),
                 "unknown dtype");
  expect_refused(with_header(R"({"a":{"dtype":"F32","data_offsets":[0,0]}})", 0),
                 "'shape' is missing");
}

}  // namespace
}  // namespace tessera
