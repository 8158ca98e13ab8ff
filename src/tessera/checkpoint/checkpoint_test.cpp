#include "tessera/checkpoint/checkpoint.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>
#include <map>

#include "tessera/checkpoint/safetensors.h"
#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "test_support.h"

namespace tessera {
namespace {

using ::testing::HasSubstr;
using ::testing::ThrowsMessage;

/// Elements as float32, whatever of the goldens' floating dtypes they are.
std::vector<float> floats(const TensorView& tensor) {
  const std::vector<std::uint8_t> bytes = tensor.packed_bytes();
  std::vector<float> out(static_cast<std::size_t>(tensor.numel()));
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (tensor.dtype == DType::kFloat32) {
      std::memcpy(&out[i], &bytes[i * 4], 4);
    } else if (tensor.dtype == DType::kFloat16) {
      __extension__ _Float16 half;
      std::memcpy(&half, &bytes[i * 2], 2);
      out[i] = static_cast<float>(half);
    }
  }
  return out;
}

TEST(Checkpoint, GoldenFilesHoldTheExpectedTensors) {
  const auto folder = test::golden_dir() / "knet_det" / "pth";
  for (const std::string name : {"tiny_bare", "tiny_half", "tiny_mmcv", "tiny_views"})
    for (const char* format : {".zip.pth", ".legacy.pth"}) {
      SCOPED_TRACE(name + format);
      Checkpoint checkpoint = open_checkpoint(folder / (name + format));
      strip_module_prefix(checkpoint.tensors);
      const Safetensors expected = read_safetensors(folder / (name + ".expected.safetensors"));
      std::map<std::string, TensorView> by_name(expected.tensors.begin(), expected.tensors.end());
      EXPECT_EQ(checkpoint.tensors.size(), by_name.size());
      for (const auto& [key, tensor] : checkpoint.tensors) {
        ASSERT_TRUE(by_name.contains(key)) << key;
        EXPECT_EQ(tensor.shape, by_name[key].shape) << key;
        if (tensor.dtype == by_name[key].dtype) {
          EXPECT_EQ(tensor.packed_bytes(), by_name[key].packed_bytes()) << key;
        } else if (tensor.dtype == DType::kFloat16) {
          EXPECT_EQ(floats(tensor), floats(by_name[key])) << key;
        }
      }
    }
}

TEST(Checkpoint, FilesOfEveryFamilyOpen) {
  for (const char* path :
       {"vpsnet/FlowNet2_tiny.pth.tar", "vpsnet/vps_tiny_legacy.pth", "vpsnet/vps_tiny_zip.pth",
        "video_knet/tiny_legacy.pth", "video_knet/tiny_zip.pth",
        "video_knet/tiny_module_half_zip.pth", "vishv/ckpt_backbone_tiny_legacy.pth"})
    EXPECT_FALSE(open_checkpoint(test::golden_dir() / path).tensors.empty()) << path;
}

TEST(Checkpoint, KeyChoosesAndAWrongKeyNamesTheNearest) {
  const auto path = test::golden_dir() / "knet_det" / "pth" / "tiny_mmcv.zip.pth";
  EXPECT_FALSE(open_checkpoint(path, "optimizer.state").tensors.empty());
  EXPECT_THAT([&] { open_checkpoint(path, "state_dct"); },
              ThrowsMessage<Error>(HasSubstr("did you mean 'state_dict'?")));
}

using ConvertTest = test::TemporaryFolder;

TEST_F(ConvertTest, SaysWhatIsDropped) {
  const auto in = test::golden_dir() / "knet_det" / "pth" / "tiny_mmcv.zip.pth";
  const auto notes = convert_checkpoint(in, folder_ / "a.safetensors");
  EXPECT_THAT(notes, ::testing::Contains(HasSubstr("dropped 'optimizer'")));
}

TEST_F(ConvertTest, UnknownEndingIsWrongUsage) {
  const auto in = test::golden_dir() / "knet_det" / "pth" / "tiny_mmcv.zip.pth";
  EXPECT_THROW(convert_checkpoint(in, folder_ / "a.onnx"), UsageError);
}

TEST_F(ConvertTest, StripModuleWritesBareNamesOrSaysWhyNot) {
  const auto folder = test::golden_dir() / "video_knet";
  convert_checkpoint(folder / "tiny_module_half_zip.pth", folder_ / "a.pth",
                     {.strip_module = true});
  for (const auto& [name, tensor] : open_checkpoint(folder_ / "a.pth").tensors)
    EXPECT_FALSE(name.starts_with("module.")) << name;
  EXPECT_THAT(
      [&] {
        convert_checkpoint(folder / "tiny_zip.pth", folder_ / "b.pth", {.strip_module = true});
      },
      ThrowsMessage<Error>(HasSubstr("not every tensor's name starts with 'module.'")));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "b.pth"));
}

/// What must be true after a write that could not be finished.
void expect_old_file_whole(const std::filesystem::path& folder) {
  EXPECT_EQ(read_text_file(folder / "a.pth"), "old");
  EXPECT_EQ(std::distance(std::filesystem::directory_iterator(folder), {}), 1);
}

TEST_F(ConvertTest, FileSizeLimitLeavesTheOldFileWhole) {
  write_text_file(folder_ / "a.pth", "old");
  const auto in = test::golden_dir() / "vpsnet" / "vps_tiny_zip.pth";
  const auto result =
      test::run_shell("ulimit -f 16; " + test::tessera_binary().string() + " convert " +
                      in.string() + " " + (folder_ / "a.pth").string());
  EXPECT_EQ(result.exit_code, 1);
  EXPECT_THAT(result.err, HasSubstr("a.pth: cannot be written (File too large)"));
  expect_old_file_whole(folder_);
}

TEST_F(ConvertTest, FullDiskLeavesTheOldFileWhole) {
  if (test::run_shell("mount -t tmpfs -o size=64k none " + folder_.string()).exit_code != 0)
    GTEST_SKIP() << "a small tmpfs cannot be mounted here";
  write_text_file(folder_ / "a.pth", "old");
  const auto in = test::golden_dir() / "vpsnet" / "vps_tiny_zip.pth";
  EXPECT_THAT([&] { convert_checkpoint(in, folder_ / "a.pth"); },
              ThrowsMessage<Error>(HasSubstr("No space left")));
  expect_old_file_whole(folder_);
  test::run_shell("umount " + folder_.string());
}

TEST_F(ConvertTest, CorruptDataIsFoundByItsChecksum) {
  auto bytes = read_file(test::golden_dir() / "knet_det" / "pth" / "tiny_bare.zip.pth");
  const Checkpoint whole =
      open_checkpoint(test::golden_dir() / "knet_det" / "pth" / "tiny_bare.zip.pth");
  const auto data = whole.tensors[0].second.packed_bytes();
  const auto at = std::search(bytes.begin(), bytes.end(), data.begin(), data.end());
  ASSERT_NE(at, bytes.end());
  *at ^= 1;
  write_file(folder_ / "bad.pth", bytes);
  EXPECT_THAT([&] { convert_checkpoint(folder_ / "bad.pth", folder_ / "out.safetensors"); },
              ThrowsMessage<Error>(HasSubstr("does not match its checksum")));
  EXPECT_FALSE(std::filesystem::exists(folder_ / "out.safetensors"));
}

}  // namespace
}  // namespace tessera
