#include "tessera/video/frame_source.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <cctype>
#include <charconv>
#include <optional>
#include <vector>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/text.h"
#include "tessera/image/image_io.h"

namespace tessera {
namespace fs = std::filesystem;
namespace {

bool is_picture(const fs::path& path) {
  std::string extension = path.extension().string();
  for (char& c : extension) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
  return extension == ".png" || extension == ".jpg" || extension == ".jpeg";
}

/// The digits at the end of a file's stem.
std::optional<std::int64_t> trailing_number(const fs::path& path) {
  const std::string stem = path.stem().string();
  std::size_t first = stem.size();
  while (first > 0 && std::isdigit(static_cast<unsigned char>(stem[first - 1]))) --first;
  std::int64_t number = 0;
  const auto result = std::from_chars(stem.data() + first, stem.data() + stem.size(), number);
  if (first == stem.size() || result.ec != std::errc()) return std::nullopt;
  return number;
}

/// Warns when numbers are missing between files that are otherwise evenly spaced.
void report_gaps(const fs::path& folder, const std::vector<fs::path>& files) {
  std::vector<std::int64_t> numbers;
  for (const fs::path& file : files) {
    const auto number = trailing_number(file);
    if (!number) return;
    numbers.push_back(*number);
  }
  std::int64_t step = 0;
  for (std::size_t i = 1; i < numbers.size(); ++i) {
    const std::int64_t distance = numbers[i] - numbers[i - 1];
    if (distance > 0 && (step == 0 || distance < step)) step = distance;
  }
  std::vector<std::string> gaps;
  for (std::size_t i = 1; i < numbers.size(); ++i)
    if (numbers[i] - numbers[i - 1] > step)
      gaps.push_back(files[i - 1].filename().string() + " to " + files[i].filename().string());
  if (!gaps.empty())
    spdlog::warn("{}: frames are missing: {}; they are skipped", folder.string(), summarize(gaps));
}

class PictureFrames : public FrameSource {
 public:
  PictureFrames(std::vector<fs::path> files, double rate) : files_(std::move(files)), rate_(rate) {
    size_ = read_picture_info(files_.front()).size;
  }

  bool next(Image& frame) override {
    if (next_ == files_.size()) return false;
    const fs::path& file = files_[next_++];
    frame = read_image(file);
    if (frame.size() != size_)
      fail("{}: the frame is {}, but {} is {}; all frames of a video must have one size",
           file.string(), to_string(frame.size()), files_.front().filename().string(),
           to_string(size_));
    return true;
  }

  std::string frame_name() const override { return files_[next_ - 1].stem().string(); }
  Size size() const override { return size_; }
  double frames_per_second() const override { return rate_; }
  std::int64_t frame_count() const override { return static_cast<std::int64_t>(files_.size()); }

 private:
  std::vector<fs::path> files_;
  double rate_;
  Size size_;
  std::size_t next_ = 0;
};

}  // namespace

std::unique_ptr<FrameSource> open_frames(const fs::path& path, double folder_rate) {
  std::error_code code;
  if (!fs::exists(path, code)) fail("{}: no such file or folder", path.string());
  if (!fs::is_directory(path, code)) {
    if (is_picture(path))
      return std::make_unique<PictureFrames>(std::vector<fs::path>{path}, folder_rate);
    return open_video(path);
  }
  std::vector<fs::path> files;
  for (const fs::directory_entry& entry : fs::directory_iterator(path))
    if (entry.is_regular_file() && is_picture(entry.path())) files.push_back(entry.path());
  if (files.empty()) fail("{}: the folder holds no PNG or JPEG file", path.string());
  std::sort(files.begin(), files.end());
  report_gaps(path, files);
  return std::make_unique<PictureFrames>(std::move(files), folder_rate);
}

}  // namespace tessera
