#include "tessera/video/frame_writer.h"

#include <fmt/format.h>

#include "tessera/core/atomic_folder.h"
#include "tessera/core/error.h"
#include "tessera/image/image_io.h"

namespace tessera {
namespace fs = std::filesystem;
namespace {

class PictureFolder : public FrameWriter {
 public:
  PictureFolder(const fs::path& path, const VideoOptions& options)
      : folder_(path, options.replace) {}

  void write(const Image& frame) override {
    write_png(folder_.path() / fmt::format("{:06}.png", count_++), frame);
  }
  void finish() override { folder_.commit(); }

 private:
  AtomicFolder folder_;
  int count_ = 0;
};

}  // namespace

std::unique_ptr<FrameWriter> create_frame_writer(const fs::path& path,
                                                 const VideoOptions& options) {
  const std::string ending = path.extension().string();
  if (ending == ".mp4" || ending == ".gif") return create_video_encoder(path, options);
  if (!ending.empty())
    throw UsageError(
        fmt::format("{}: cannot write '{}'; expected .mp4, .gif or a folder (no ending)",
                    path.string(), ending));
  return std::make_unique<PictureFolder>(path, options);
}

}  // namespace tessera
