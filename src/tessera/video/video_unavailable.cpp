#include "tessera/core/error.h"
#include "tessera/video/frame_source.h"
#include "tessera/video/frame_writer.h"

namespace tessera {
namespace {

[[noreturn]] void fail_without_ffmpeg(const std::filesystem::path& path) {
  fail(
      "{}: this tessera was built without FFmpeg's libraries and knows no video files; use a "
      "folder of pictures, or build it with libavformat, libavcodec and libswscale",
      path.string());
}

}  // namespace

std::unique_ptr<FrameSource> open_video(const std::filesystem::path& path) {
  fail_without_ffmpeg(path);
}

std::unique_ptr<FrameWriter> create_video_encoder(const std::filesystem::path& path,
                                                  const VideoOptions&) {
  fail_without_ffmpeg(path);
}

}  // namespace tessera
