#include "tessera/core/error.h"
#include "tessera/video/ffmpeg.h"
#include "tessera/video/frame_source.h"

namespace tessera {
namespace {

using ffmpeg::Owned;

struct CloseInput {
  void operator()(AVFormatContext* p) const { avformat_close_input(&p); }
};

class VideoReader : public FrameSource {
 public:
  explicit VideoReader(const std::filesystem::path& path) : name_(path.string()) {
    av_log_set_level(AV_LOG_QUIET);
    AVFormatContext* input = nullptr;
    check(avformat_open_input(&input, name_.c_str(), nullptr, nullptr), "is no video");
    input_.reset(input);
    check(avformat_find_stream_info(input, nullptr), "is broken");
    const AVCodec* codec = nullptr;
    stream_ = av_find_best_stream(input, AVMEDIA_TYPE_VIDEO, -1, -1, &codec, 0);
    if (stream_ < 0) fail("{}: holds no video that can be decoded", name_);
    decoder_.reset(avcodec_alloc_context3(codec));
    const AVStream* stream = input->streams[stream_];
    check(avcodec_parameters_to_context(decoder_.get(), stream->codecpar), "is broken");
    decoder_->thread_count = 0;
    check(avcodec_open2(decoder_.get(), codec, nullptr), "cannot be decoded");
    size_ = {decoder_->width, decoder_->height};
    if (size_.width <= 0 || size_.height <= 0) fail("{}: holds no pictures", name_);
    rate_ = av_q2d(av_guess_frame_rate(input, input->streams[stream_], nullptr));
    count_ = stream->nb_frames > 0 ? stream->nb_frames : -1;
  }

  bool next(Image& image) override {
    while (true) {
      const int code = avcodec_receive_frame(decoder_.get(), frame_.get());
      if (code == 0) break;
      if (code == AVERROR_EOF) {
        if (count_ > done_)
          fail("{}: ends after frame {} of {}: the file is truncated", name_, done_, count_);
        return false;
      }
      if (code != AVERROR(EAGAIN)) fail_at_frame(code);
      feed();
    }
    if (frame_->decode_error_flags != 0 || (frame_->flags & AV_FRAME_FLAG_CORRUPT) != 0)
      fail_at_frame(AVERROR_INVALIDDATA);
    ++done_;
    convert(image);
    return true;
  }

  std::string frame_name() const override { return fmt::format("{:06}", done_ - 1); }
  Size size() const override { return size_; }
  double frames_per_second() const override { return rate_; }
  std::int64_t frame_count() const override { return count_; }

 private:
  void check(int code, const char* what) const {
    if (code < 0) fail("{}: {} ({})", name_, what, ffmpeg::describe(code));
  }

  [[noreturn]] void fail_at_frame(int code) const {
    fail("{}: frame {} is broken or the file is truncated ({})", name_, done_,
         ffmpeg::describe(code));
  }

  /// Hands the decoder the next packet of the stream.
  void feed() {
    while (true) {
      const int code = av_read_frame(input_.get(), packet_.get());
      if (code == AVERROR_EOF) {
        avcodec_send_packet(decoder_.get(), nullptr);
        return;
      }
      if (code < 0) fail_at_frame(code);
      const bool ours = packet_->stream_index == stream_;
      const bool cut = ours && (packet_->flags & AV_PKT_FLAG_CORRUPT) != 0;
      const int sent = ours ? avcodec_send_packet(decoder_.get(), packet_.get()) : 0;
      av_packet_unref(packet_.get());
      if (sent < 0 || cut) fail_at_frame(sent < 0 ? sent : AVERROR_INVALIDDATA);
      if (ours) return;
    }
  }

  void convert(Image& image) {
    if (Size{frame_->width, frame_->height} != size_)
      fail("{}: frame {} is {}x{}, but the video began as {}; all frames must have one size", name_,
           done_ - 1, frame_->width, frame_->height, to_string(size_));
    scaler_.reset(sws_getCachedContext(
        scaler_.release(), size_.width, size_.height, static_cast<AVPixelFormat>(frame_->format),
        size_.width, size_.height, AV_PIX_FMT_RGB24,
        SWS_BILINEAR | SWS_ACCURATE_RND | SWS_FULL_CHR_H_INT, nullptr, nullptr, nullptr));
    if (scaler_ == nullptr) fail("{}: its pixel format cannot be read", name_);
    image = Image(size_, 3);
    std::uint8_t* rows[] = {image.data()};
    const int strides[] = {3 * size_.width};
    sws_scale(scaler_.get(), frame_->data, frame_->linesize, 0, size_.height, rows, strides);
  }

  std::string name_;
  std::unique_ptr<AVFormatContext, CloseInput> input_;
  Owned<AVCodecContext> decoder_;
  Owned<AVFrame> frame_{av_frame_alloc()};
  Owned<AVPacket> packet_{av_packet_alloc()};
  Owned<SwsContext> scaler_;
  int stream_ = -1;
  Size size_;
  double rate_ = 0;
  std::int64_t count_ = -1, done_ = 0;
};

}  // namespace

std::unique_ptr<FrameSource> open_video(const std::filesystem::path& path) {
  return std::make_unique<VideoReader>(path);
}

}  // namespace tessera
