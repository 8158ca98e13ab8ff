#include "tessera/core/error.h"
#include "tessera/training/knet_task.h"
#include "tessera/training/semantic_knet_task.h"
#include "tessera/training/video_knet_task.h"

namespace tessera {

std::unique_ptr<TrainingTask> make_training_task(const Config& config,
                                                 const std::vector<ClassInfo>& classes) {
  const std::string type = config.section_text("model", "type");
  if (type == "knet") return std::make_unique<KNetTask>(config, classes);
  if (type == "semantic_knet") return std::make_unique<SemanticKNetTask>(config, classes);
  if (type == "video_knet") return std::make_unique<VideoKNetTask>(config, classes);
  fail("model.type is '{}', which cannot be trained; expected knet, semantic_knet or video_knet",
       type);
}

}  // namespace tessera
