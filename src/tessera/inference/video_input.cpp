#include "tessera/inference/video_input.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/data/loader/data_config.h"
#include "tessera/image/image_io.h"
#include "tessera/inference/input_split.h"
#include "tessera/video/frame_source.h"

namespace tessera {
namespace {

namespace fs = std::filesystem;

struct ListedFrame {
  std::string name;
  int number = 0;
  fs::path path;
};

std::vector<fs::path> pictures_in(const fs::path& folder) {
  std::vector<fs::path> pictures;
  for (const char* ending : {".png", ".jpg", ".jpeg"})
    for (const fs::path& path : list_files(folder, ending)) pictures.push_back(path);
  std::sort(pictures.begin(), pictures.end());
  return pictures;
}

/// The digits at the end of a name.
std::optional<int> trailing_number(const std::string& name) {
  std::size_t first = name.size();
  while (first > 0 && name[first - 1] >= '0' && name[first - 1] <= '9') --first;
  int number = 0;
  const char* end = name.data() + name.size();
  const auto result = std::from_chars(name.data() + first, end, number);
  if (first == name.size() || result.ec != std::errc()) return std::nullopt;
  return number;
}

/// Frames are numbered by their names where all names end in growing numbers, else from 0.
std::vector<ListedFrame> number_frames(const std::vector<fs::path>& paths) {
  std::vector<ListedFrame> frames;
  bool by_name = true;
  for (const fs::path& path : paths) {
    const auto number = trailing_number(path.stem().string());
    by_name = by_name && number && (frames.empty() || *number > frames.back().number);
    frames.push_back({path.stem().string(), number.value_or(0), path});
  }
  for (std::size_t i = 0; !by_name && i < frames.size(); ++i)
    frames[i].number = static_cast<int>(i);
  return frames;
}

VideoInput video_of(std::string name, std::vector<ListedFrame> frames) {
  const auto list = std::make_shared<const std::vector<ListedFrame>>(std::move(frames));
  VideoInput video{std::move(name), list->size(), {}};
  video.open = [list](std::size_t first) -> FrameReader {
    return [list, next = first](VideoFrame& frame) mutable {
      if (next >= list->size()) return false;
      const ListedFrame& listed = (*list)[next++];
      frame = {listed.name, listed.number, read_image(listed.path)};
      return true;
    };
  };
  return video;
}

VideoInput video_of_file(const fs::path& path) {
  const auto count = open_video(path)->frame_count();
  VideoInput video{
      path.stem().string(), static_cast<std::size_t>(std::max<std::int64_t>(0, count)), {}};
  video.open = [path](std::size_t first) -> FrameReader {
    std::shared_ptr<FrameSource> source = open_video(path);
    Image skipped;
    for (std::size_t i = 0; i < first; ++i) source->next(skipped);
    return [source, number = static_cast<int>(first)](VideoFrame& frame) mutable {
      if (!source->next(frame.picture)) return false;
      frame.name = fmt::format("{:06}", number);
      frame.number = number++;
      return true;
    };
  };
  return video;
}

std::vector<VideoInput> videos_in(const fs::path& folder) {
  const auto frames = pictures_in(folder);
  if (!frames.empty())
    return {video_of(fs::absolute(folder).lexically_normal().filename().string(),
                     number_frames(frames))};
  std::vector<VideoInput> videos;
  for (const fs::path& inner : list_folders(folder))
    if (const auto of_inner = pictures_in(inner); !of_inner.empty())
      videos.push_back(video_of(inner.filename().string(), number_frames(of_inner)));
  if (videos.empty())
    fail("{}: there is no .png or .jpg file in it or in its folders", folder.string());
  return videos;
}

std::vector<VideoInput> videos_of_split(const std::string& split, const Config& config) {
  const auto dataset = open_input_split(split, config);
  if (dataset->sequences().empty())
    fail("the split {} of {} has no sequences to track in", split,
         config.section<DatasetSpec>("validation").root.string());
  std::vector<VideoInput> videos;
  for (const SequenceInfo& sequence : dataset->sequences()) {
    std::vector<ListedFrame> frames;
    for (std::size_t i = sequence.first; i < sequence.first + sequence.count; ++i) {
      const FrameInfo& info = dataset->frames()[i];
      frames.push_back({fmt::format("{:06}", info.key.frame), info.key.frame, info.image_path});
    }
    videos.push_back(video_of(sequence.name, std::move(frames)));
  }
  return videos;
}

}  // namespace

std::vector<VideoInput> find_videos(const std::string& input, const Config& config) {
  if (fs::is_directory(input)) return videos_in(input);
  if (!fs::exists(input)) return videos_of_split(input, config);
  const std::string ending = fs::path(input).extension().string();
  if (ending == ".png" || ending == ".jpg" || ending == ".jpeg")
    return {video_of(fs::path(input).stem().string(), number_frames({input}))};
  return {video_of_file(input)};
}

}  // namespace tessera
