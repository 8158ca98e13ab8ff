#include "tessera/metrics/mots.h"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "tessera/core/error.h"

namespace tessera {
namespace {

using Json = nlohmann::ordered_json;
using Alphas = std::array<double, kHotaAlphas>;

double ratio(double value, double whole) { return value / std::max(1.0, whole); }

Json clear_json(const ClearCounts& c) {
  const auto tp = static_cast<double>(c.tp), fn = static_cast<double>(c.fn);
  const auto fp = static_cast<double>(c.fp), switches = static_cast<double>(c.id_switches);
  const double ids = static_cast<double>(c.mostly_tracked + c.partly_tracked + c.mostly_lost);
  Json json = {{"CLR_TP", c.tp},        {"CLR_FN", c.fn},         {"CLR_FP", c.fp},
               {"IDSW", c.id_switches}, {"MT", c.mostly_tracked}, {"PT", c.partly_tracked},
               {"ML", c.mostly_lost},   {"Frag", c.fragments},    {"CLR_Frames", c.frames},
               {"MOTP_sum", c.motp_sum}};
  // The official program leaves a sequence without objects or detections before it computes ratios.
  const auto put = [&](const char* name, double value) { json[name] = c.empty ? 0.0 : value; };
  put("MTR", ratio(static_cast<double>(c.mostly_tracked), ids));
  json["MLR"] = c.empty ? 1.0 : ratio(static_cast<double>(c.mostly_lost), ids);
  put("PTR", ratio(static_cast<double>(c.partly_tracked), ids));
  put("CLR_Re", ratio(tp, tp + fn));
  put("CLR_Pr", ratio(tp, tp + fp));
  put("MODA", ratio(tp - fp, tp + fn));
  put("MOTA", ratio(tp - fp - switches, tp + fn));
  put("MOTP", ratio(c.motp_sum, tp));
  put("sMOTA", ratio(c.motp_sum - fp - switches, tp + fn));
  put("CLR_F1", ratio(tp, tp + 0.5 * fn + 0.5 * fp));
  put("FP_per_frame", ratio(fp, static_cast<double>(c.frames)));
  put("MOTAL", ratio(tp - fp - (switches > 0 ? std::log10(switches) : 0.0), tp + fn));
  return json;
}

Json identity_json(const IdentityCounts& c) {
  const auto tp = static_cast<double>(c.tp), fn = static_cast<double>(c.fn);
  const auto fp = static_cast<double>(c.fp);
  return {{"IDTP", c.tp},
          {"IDFN", c.fn},
          {"IDFP", c.fp},
          {"IDR", ratio(tp, tp + fn)},
          {"IDP", ratio(tp, tp + fp)},
          {"IDF1", ratio(tp, tp + 0.5 * fp + 0.5 * fn)}};
}

struct HotaRatios {
  Alphas det_a, det_re, det_pr, hota, owta;
};

HotaRatios hota_ratios(const HotaCounts& c) {
  HotaRatios r;
  for (int a = 0; a < kHotaAlphas; ++a) {
    r.det_re[a] = ratio(c.tp[a], c.tp[a] + c.fn[a]);
    r.det_pr[a] = ratio(c.tp[a], c.tp[a] + c.fp[a]);
    r.det_a[a] = ratio(c.tp[a], c.tp[a] + c.fn[a] + c.fp[a]);
    r.hota[a] = std::sqrt(r.det_a[a] * c.ass_a[a]);
    r.owta[a] = std::sqrt(r.det_re[a] * c.ass_a[a]);
  }
  return r;
}

double mean(const Alphas& values) {
  return std::accumulate(values.begin(), values.end(), 0.0) / kHotaAlphas;
}

Json scores_json(const MotsScores& scores) {
  const HotaCounts& h = scores.hota;
  const HotaRatios r = hota_ratios(h);
  const Json clear = clear_json(scores.clear);
  const Json identity = identity_json(scores.identity);
  Json json;
  json["HOTA"] = {
      {"HOTA", r.hota},       {"DetA", r.det_a},       {"AssA", h.ass_a},
      {"DetRe", r.det_re},    {"DetPr", r.det_pr},     {"AssRe", h.ass_re},
      {"AssPr", h.ass_pr},    {"LocA", h.loc_a},       {"OWTA", r.owta},
      {"HOTA_TP", h.tp},      {"HOTA_FN", h.fn},       {"HOTA_FP", h.fp},
      {"HOTA(0)", r.hota[0]}, {"LocA(0)", h.loc_a[0]}, {"HOTALocA(0)", r.hota[0] * h.loc_a[0]}};
  json["CLEAR"] = clear;
  json["Identity"] = identity;
  json["Count"] = {{"Dets", scores.counts.dets},
                   {"GT_Dets", scores.counts.gt_dets},
                   {"IDs", scores.counts.ids},
                   {"GT_IDs", scores.counts.gt_ids},
                   {"Frames", scores.counts.frames}};
  json["summary"] = {
      {"HOTA", mean(r.hota)},   {"DetA", mean(r.det_a)},    {"AssA", mean(h.ass_a)},
      {"LocA", mean(h.loc_a)},  {"sMOTSA", clear["sMOTA"]}, {"MOTSA", clear["MOTA"]},
      {"MOTSP", clear["MOTP"]}, {"IDF1", identity["IDF1"]}, {"IDSW", scores.clear.id_switches}};
  return json;
}

/// All sequences together, in their order: counts add up, association is weighted by the matches.
MotsScores combine(const std::vector<const MotsScores*>& parts) {
  MotsScores all;
  all.clear.empty = false;
  for (const MotsScores* part : parts) {
    all.counts.dets += part->counts.dets;
    all.counts.gt_dets += part->counts.gt_dets;
    all.counts.ids += part->counts.ids;
    all.counts.gt_ids += part->counts.gt_ids;
    all.counts.frames += part->counts.frames;
    all.clear.tp += part->clear.tp;
    all.clear.fn += part->clear.fn;
    all.clear.fp += part->clear.fp;
    all.clear.id_switches += part->clear.id_switches;
    all.clear.frames += part->clear.frames;
    all.clear.mostly_tracked += part->clear.mostly_tracked;
    all.clear.partly_tracked += part->clear.partly_tracked;
    all.clear.mostly_lost += part->clear.mostly_lost;
    all.clear.fragments += part->clear.fragments;
    all.clear.motp_sum += part->clear.motp_sum;
    all.identity.tp += part->identity.tp;
    all.identity.fn += part->identity.fn;
    all.identity.fp += part->identity.fp;
    for (int a = 0; a < kHotaAlphas; ++a) {
      const double tp = part->hota.tp[a];
      all.hota.tp[a] += tp;
      all.hota.fn[a] += part->hota.fn[a];
      all.hota.fp[a] += part->hota.fp[a];
      all.hota.ass_a[a] += part->hota.ass_a[a] * tp;
      all.hota.ass_re[a] += part->hota.ass_re[a] * tp;
      all.hota.ass_pr[a] += part->hota.ass_pr[a] * tp;
      all.hota.loc_a[a] += part->hota.loc_a[a] * tp;
    }
  }
  for (int a = 0; a < kHotaAlphas; ++a) {
    const double tp = std::max(1.0, all.hota.tp[a]);
    all.hota.ass_a[a] /= tp;
    all.hota.ass_re[a] /= tp;
    all.hota.ass_pr[a] /= tp;
    all.hota.loc_a[a] = std::max(1e-10, all.hota.loc_a[a]) / std::max(1e-10, all.hota.tp[a]);
  }
  return all;
}

const std::vector<std::string> kColumns = {"HOTA",   "DetA",  "AssA",  "LocA",
                                           "sMOTSA", "MOTSA", "MOTSP", "IDF1"};

nlohmann::json save_scores(const MotsScores& s) {
  const ClearCounts& c = s.clear;
  const HotaCounts& h = s.hota;
  return {
      {"counts", {s.counts.dets, s.counts.gt_dets, s.counts.ids, s.counts.gt_ids, s.counts.frames}},
      {"clear",
       {c.tp, c.fn, c.fp, c.id_switches, c.frames, c.mostly_tracked, c.partly_tracked,
        c.mostly_lost, c.fragments}},
      {"motp_sum", c.motp_sum},
      {"empty", c.empty},
      {"identity", {s.identity.tp, s.identity.fn, s.identity.fp}},
      {"hota", {h.tp, h.fn, h.fp, h.ass_a, h.ass_re, h.ass_pr, h.loc_a}}};
}

MotsScores restore_scores(const nlohmann::json& saved) {
  MotsScores s;
  const auto integer = [&](const char* list, int i) {
    return saved.at(list).at(i).get<std::int64_t>();
  };
  s.counts = {integer("counts", 0), integer("counts", 1), integer("counts", 2),
              integer("counts", 3), integer("counts", 4)};
  s.clear = {integer("clear", 0), integer("clear", 1),  integer("clear", 2), integer("clear", 3),
             integer("clear", 4), integer("clear", 5),  integer("clear", 6), integer("clear", 7),
             integer("clear", 8), saved.at("motp_sum"), saved.at("empty")};
  s.identity = {integer("identity", 0), integer("identity", 1), integer("identity", 2)};
  const auto alphas = [&](int i) { return saved.at("hota").at(i).get<Alphas>(); };
  s.hota = {alphas(0), alphas(1), alphas(2), alphas(3), alphas(4), alphas(5), alphas(6)};
  return s;
}

}  // namespace

void MotsMetric::add(std::size_t order, const std::string& name, std::vector<MotsScores> scores) {
  if (!sequences_.emplace(order, Sequence{name, std::move(scores)}).second)
    fail("sequence {} was scored twice", name);
}

Report MotsMetric::report() const {
  Report report;
  for (std::size_t c = 0; c < classes_.size(); ++c) {
    Table table{"MOTS, " + classes_[c], {"sequence"}, {}};
    table.header.insert(table.header.end(), kColumns.begin(), kColumns.end());
    table.header.insert(table.header.end(), {"IDSW", "dets", "gt dets"});
    const auto add_row = [&](const std::string& name, const MotsScores& scores) {
      const Json json = scores_json(scores);
      std::vector<std::string> row = {name};
      for (const std::string& column : kColumns)
        row.push_back(format_percent(json["summary"][column].get<double>(), 3));
      for (const std::int64_t count :
           {scores.clear.id_switches, scores.counts.dets, scores.counts.gt_dets})
        row.push_back(std::to_string(count));
      table.rows.push_back(std::move(row));
      report.json[name][classes_[c]] = json;
    };
    std::vector<const MotsScores*> parts;
    for (const auto& [order, sequence] : sequences_) {
      add_row(sequence.name, sequence.scores[c]);
      parts.push_back(&sequence.scores[c]);
    }
    add_row("COMBINED_SEQ", combine(parts));
    for (const char* name : {"HOTA", "sMOTSA", "IDF1"})
      report.headline.emplace_back(
          classes_[c] + " " + name,
          format_percent(report.json["COMBINED_SEQ"][classes_[c]]["summary"][name].get<double>(),
                         2));
    report.tables.push_back(std::move(table));
  }
  return report;
}

void MotsMetric::merge(const Metric& other) {
  const auto* theirs = dynamic_cast<const MotsMetric*>(&other);
  if (theirs == nullptr || theirs->classes_ != classes_)
    fail("results of different metrics cannot be merged");
  for (const auto& [order, sequence] : theirs->sequences_)
    add(order, sequence.name, sequence.scores);
}

nlohmann::json MotsMetric::save() const {
  nlohmann::json sequences = nlohmann::json::array();
  for (const auto& [order, sequence] : sequences_) {
    nlohmann::json scores = nlohmann::json::array();
    for (const MotsScores& score : sequence.scores) scores.push_back(save_scores(score));
    sequences.push_back({order, sequence.name, scores});
  }
  return {{"classes", classes_}, {"sequences", sequences}};
}

std::unique_ptr<Metric> MotsMetric::restore(const nlohmann::json& saved) {
  auto restored = std::make_unique<MotsMetric>(saved.at("classes").get<std::vector<std::string>>());
  for (const auto& sequence : saved.at("sequences")) {
    std::vector<MotsScores> scores;
    for (const auto& score : sequence.at(2)) scores.push_back(restore_scores(score));
    restored->add(sequence.at(0), sequence.at(1), std::move(scores));
  }
  return restored;
}

}  // namespace tessera
