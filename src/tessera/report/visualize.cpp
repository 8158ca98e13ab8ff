#include "tessera/report/visualize.h"

#include <vector>

#include "tessera/core/error.h"
#include "tessera/core/file.h"
#include "tessera/core/interrupt.h"
#include "tessera/core/progress.h"
#include "tessera/data/class_list.h"
#include "tessera/data/step_png.h"
#include "tessera/image/image_io.h"
#include "tessera/video/frame_source.h"

namespace tessera {
namespace fs = std::filesystem;
namespace {

/// The maps below `results`, relative to it.
std::vector<fs::path> list_maps(const fs::path& results) {
  std::vector<fs::path> maps;
  const auto add = [&](const fs::path& folder) {
    for (const fs::path& file : list_files(folder, ".png"))
      maps.push_back(fs::relative(file, results));
  };
  add(results);
  if (maps.empty())
    for (const fs::path& folder : list_folders(results)) add(folder);
  if (maps.empty())
    fail("{}: holds no PNG file, neither itself nor in its folders", results.string());
  return maps;
}

/// The camera's pictures of a list of maps, asked for in order.
class Pictures {
 public:
  explicit Pictures(const fs::path& images) : images_(images) {
    if (fs::is_regular_file(images)) video_ = open_video(images);
  }

  Image next(const fs::path& map, Size size) {
    fs::path path = images_ / map;
    Image picture = video_ != nullptr ? next_of_video(map) : read_file_of(path);
    if (picture.size() != size)
      fail("{}: the picture is {}, its result {}", (video_ ? images_ : path).string(),
           to_string(picture.size()), to_string(size));
    return picture;
  }

 private:
  Image next_of_video(const fs::path& map) {
    Image frame;
    if (!video_->next(frame))
      fail("{}: ends before the frame of {}", images_.string(), map.string());
    return frame;
  }

  /// A PNG, or a JPEG of the same name.
  static Image read_file_of(fs::path& path) {
    const std::string wanted = path.string();
    if (!fs::exists(path)) path.replace_extension(".jpg");
    if (!fs::exists(path)) fail("{}: there is no picture for it", wanted);
    return read_image(path);
  }

  const fs::path images_;
  std::unique_ptr<FrameSource> video_;
};

}  // namespace

std::size_t visualize(const fs::path& results, const fs::path& out,
                      const VisualizeOptions& options) {
  const bool with_picture = needs_picture(options.view.mode);
  if (with_picture && options.images.empty())
    throw UsageError(
        "this mode shows the camera's pictures; pass their folder or video with --images");
  const std::vector<ClassInfo> classes = class_list(options.classes);
  const std::vector<fs::path> maps = list_maps(results);
  Pictures pictures(options.images);
  Progress progress("visualize", maps.size(), "frames");
  const std::unique_ptr<FrameWriter> writer = create_frame_writer(out, options.video);
  for (const fs::path& map : maps) {
    check_interrupt();
    const PanopticMap result = read_step_png(results / map, classes);
    const Image picture = with_picture ? pictures.next(map, result.ids.size()) : Image();
    writer->write(draw_panoptic(options.view, result, classes, picture));
    progress.advance();
  }
  writer->finish();
  return maps.size();
}

}  // namespace tessera
