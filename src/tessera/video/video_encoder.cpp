#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "tessera/core/error.h"
#include "tessera/video/ffmpeg.h"
#include "tessera/video/frame_writer.h"
#include "tessera/video/gif_palette.h"

namespace tessera {
namespace fs = std::filesystem;
namespace {

using ffmpeg::Owned;

struct CloseOutput {
  void operator()(AVFormatContext* p) const {
    if (p->pb != nullptr) avio_closep(&p->pb);
    avformat_free_context(p);
  }
};

/// A temporary file beside `path`, removed unless it is kept.
class TemporaryFile {
 public:
  explicit TemporaryFile(fs::path path) : path_(std::move(path)) {
    std::error_code code;
    if (fs::is_directory(path_, code))
      fail("{}: is a directory, a file name was expected", path_.string());
    name_ = path_.string() + ".XXXXXX.tmp";
    const int descriptor = ::mkstemps(name_.data(), 4);
    if (descriptor < 0) {
      const int error_number = errno;
      name_.clear();
      fail("{}: cannot be written ({})", path_.string(), std::strerror(error_number));
    }
    const mode_t mask = ::umask(0);
    ::umask(mask);
    ::fchmod(descriptor, 0666 & ~mask);
    ::close(descriptor);
  }
  ~TemporaryFile() {
    if (!name_.empty()) ::unlink(name_.c_str());
  }
  TemporaryFile(const TemporaryFile&) = delete;
  TemporaryFile& operator=(const TemporaryFile&) = delete;

  const std::string& name() const { return name_; }
  void keep() {
    if (::rename(name_.c_str(), path_.c_str()) != 0)
      fail("{}: cannot be written ({})", path_.string(), std::strerror(errno));
    name_.clear();
  }

 private:
  fs::path path_;
  std::string name_;
};

class VideoEncoder : public FrameWriter {
 public:
  VideoEncoder(const fs::path& path, const VideoOptions& options)
      : name_(path.string()), gif_(path.extension() == ".gif"), options_(options), file_(path) {
    if (!(options.frames_per_second > 0 && options.frames_per_second <= 1000))
      fail("{}: {} frames a second are out of range; expected more than 0, up to 1000", name_,
           options.frames_per_second);
    av_log_set_level(AV_LOG_QUIET);
  }

  void write(const Image& image) override {
    if (image.channels() != 3) fail("{}: frames must be RGB", name_);
    if (encoder_ == nullptr) open(image.size());
    if (image.size() != size_)
      fail("{}: frame {} is {}, the first was {}; all frames of a video must have one size", name_,
           count_, to_string(image.size()), to_string(size_));
    check(av_frame_make_writable(frame_.get()));
    if (gif_)
      fill_indexed(image);
    else
      fill_yuv(image);
    frame_->pts = count_++;
    encode(frame_.get());
  }

  void finish() override {
    if (encoder_ == nullptr) fail("{}: no frame was written", name_);
    encode(nullptr);
    check(av_write_trailer(output_.get()));
    check(avio_closep(&output_->pb));
    file_.keep();
  }

 private:
  void check(int code) const {
    if (code < 0) fail("{}: cannot be written ({})", name_, ffmpeg::describe(code));
  }

  void open(Size size) {
    size_ = size;
    AVFormatContext* output = nullptr;
    check(avformat_alloc_output_context2(&output, nullptr, gif_ ? "gif" : "mp4",
                                         file_.name().c_str()));
    output_.reset(output);
    const AVCodec* codec =
        gif_ ? avcodec_find_encoder(AV_CODEC_ID_GIF) : avcodec_find_encoder_by_name("libx264");
    if (codec == nullptr)
      fail("{}: FFmpeg's libraries here have no {} encoder", name_, gif_ ? "GIF" : "H.264");
    encoder_.reset(avcodec_alloc_context3(codec));
    // H.264 in its common form halves the colour's resolution, so both sides are even: an odd one
    // grows by a copy of its last line.
    encoder_->width = gif_ ? size.width : size.width + size.width % 2;
    encoder_->height = gif_ ? size.height : size.height + size.height % 2;
    encoder_->pix_fmt = gif_ ? AV_PIX_FMT_PAL8 : AV_PIX_FMT_YUV420P;
    encoder_->framerate = av_d2q(options_.frames_per_second, 100000);
    encoder_->time_base = av_inv_q(encoder_->framerate);
    if ((output->oformat->flags & AVFMT_GLOBALHEADER) != 0)
      encoder_->flags |= AV_CODEC_FLAG_GLOBAL_HEADER;
    AVDictionary* settings = nullptr;
    if (!gif_) {
      encoder_->color_range = AVCOL_RANGE_MPEG;
      encoder_->colorspace = AVCOL_SPC_SMPTE170M;
      av_dict_set_int(&settings, "crf", options_.quality, 0);
      av_dict_set(&settings, "preset", "medium", 0);
    }
    const int opened = avcodec_open2(encoder_.get(), codec, &settings);
    av_dict_free(&settings);
    check(opened);
    AVStream* stream = avformat_new_stream(output, nullptr);
    stream->time_base = encoder_->time_base;
    stream->avg_frame_rate = encoder_->framerate;
    check(avcodec_parameters_from_context(stream->codecpar, encoder_.get()));
    frame_->format = encoder_->pix_fmt;
    frame_->width = encoder_->width;
    frame_->height = encoder_->height;
    check(av_frame_get_buffer(frame_.get(), 0));
    check(avio_open(&output->pb, file_.name().c_str(), AVIO_FLAG_WRITE));
    AVDictionary* header = nullptr;
    // The index comes first, so that a browser starts before it has everything.
    if (!gif_) av_dict_set(&header, "movflags", "faststart", 0);
    const int written = avformat_write_header(output, &header);
    av_dict_free(&header);
    check(written);
  }

  void fill_yuv(const Image& image) {
    const int width = encoder_->width, height = encoder_->height;
    padded_.resize(static_cast<std::size_t>(width) * height * 3);
    for (int y = 0; y < height; ++y) {
      const std::uint8_t* from = image.row(std::min(y, size_.height - 1));
      std::uint8_t* to = padded_.data() + static_cast<std::size_t>(y) * width * 3;
      std::copy_n(from, 3 * size_.width, to);
      if (width > size_.width) std::copy_n(from + 3 * (size_.width - 1), 3, to + 3 * size_.width);
    }
    scaler_.reset(sws_getCachedContext(scaler_.release(), width, height, AV_PIX_FMT_RGB24, width,
                                       height, AV_PIX_FMT_YUV420P, SWS_BICUBIC | SWS_ACCURATE_RND,
                                       nullptr, nullptr, nullptr));
    const std::uint8_t* rows[] = {padded_.data()};
    const int strides[] = {3 * width};
    sws_scale(scaler_.get(), rows, strides, 0, height, frame_->data, frame_->linesize);
  }

  void fill_indexed(const Image& image) {
    const GifPalette palette(image);
    auto* entries = reinterpret_cast<std::uint32_t*>(frame_->data[1]);
    std::fill_n(entries, 256, 0u);
    for (std::size_t i = 0; i < palette.colors().size(); ++i) {
      const auto& [r, g, b] = palette.colors()[i];
      entries[i] = 0xFF000000u | r << 16 | g << 8 | b;
    }
    for (int y = 0; y < size_.height; ++y) {
      const std::uint8_t* from = image.row(y);
      std::uint8_t* to = frame_->data[0] + static_cast<std::ptrdiff_t>(y) * frame_->linesize[0];
      for (int x = 0; x < size_.width; ++x, from += 3)
        to[x] = palette.index(from[0], from[1], from[2]);
    }
  }

  void encode(const AVFrame* frame) {
    check(avcodec_send_frame(encoder_.get(), frame));
    while (true) {
      const int code = avcodec_receive_packet(encoder_.get(), packet_.get());
      if (code == AVERROR(EAGAIN) || code == AVERROR_EOF) return;
      check(code);
      if (packet_->duration == 0) packet_->duration = 1;
      av_packet_rescale_ts(packet_.get(), encoder_->time_base, output_->streams[0]->time_base);
      packet_->stream_index = 0;
      check(av_interleaved_write_frame(output_.get(), packet_.get()));
    }
  }

  std::string name_;
  bool gif_;
  VideoOptions options_;
  TemporaryFile file_;
  std::unique_ptr<AVFormatContext, CloseOutput> output_;
  Owned<AVCodecContext> encoder_;
  Owned<AVFrame> frame_{av_frame_alloc()};
  Owned<AVPacket> packet_{av_packet_alloc()};
  Owned<SwsContext> scaler_;
  std::vector<std::uint8_t> padded_;
  Size size_;
  std::int64_t count_ = 0;
};

}  // namespace

std::unique_ptr<FrameWriter> create_video_encoder(const fs::path& path,
                                                  const VideoOptions& options) {
  return std::make_unique<VideoEncoder>(path, options);
}

}  // namespace tessera
