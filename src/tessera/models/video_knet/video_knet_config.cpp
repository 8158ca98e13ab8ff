#include "tessera/models/video_knet/video_knet_config.h"

#include "tessera/models/knet/knet_config.h"

namespace tessera {

void read_fields(ConfigReader& reader, VideoKNetOptions& options) {
  read_fields(reader, static_cast<KNetOptions&>(options));
  reader.read("track_link", options.track_link,
              {{"none", TrackLink::kNone},
               {"attention", TrackLink::kAttention},
               {"update", TrackLink::kUpdate}});
  reader.read("kernel_fusion", options.fusion,
              {{"none", KernelFusion::kNone},
               {"attention", KernelFusion::kAttention},
               {"update", KernelFusion::kUpdate}});
  reader.read("track_embedding", options.track_embedding,
              {{"learned", TrackEmbedding::kLearned}, {"kernel", TrackEmbedding::kKernel}});
  reader.read("track_layers", options.track.layers, {.low = 0});
  reader.read("track_hidden_channels", options.track.hidden_channels, {.low = 1});
  reader.read("track_embedding_channels", options.track.embedding_channels, {.low = 1});
}

}  // namespace tessera
