// Frames that the room builds: subscription answers, index, roster, levels.
#include <algorithm>
#include <utility>

#include "rtc/sdp/sdp_compression.hpp"
#include "signaling/answer.hpp"
#include "signaling/room.hpp"

namespace upcall::signaling {

void Room::send(Now now, const Session& session, wire::SignalFrame& frame, RoomOutput& out) {
  if (session.socket_open) out.sends.push_back({session.no, wire::encode_signal(frame, now.wall)});
}

void Room::send_status(Now now, const Session& session, std::uint32_t audio_status, RoomOutput& out) {
  wire::SignalFrame frame;
  frame.set_type(wire::SignalFrame::AUDIO_STATUS);
  frame.mutable_audio_status()->set_audio_status(audio_status);
  send(now, session, frame, out);
}

void Room::on_subscribe(Now now, Session& session, const wire::SignalFrame& frame, RoomOutput& out) {
  wire::SignalFrame ack;
  ack.set_type(wire::SignalFrame::SUBSCRIBE_ACK);
  const auto refuse_offer = [&](const std::string& why) {
    ack.mutable_error()->set_status(400);
    ack.mutable_error()->set_description(why);
    send(now, session, ack, out);
  };
  const auto& sub = frame.sub();
  if (!session.joined) return refuse_offer("SUBSCRIBE before JOIN");
  std::string offer = sub.sdp_offer();
  // The client then sends a plain one too, an empty one.
  const bool compressed = offer.empty() && sub.has_compressed_sdp_offer();
  if (!compressed && !sub.has_sdp_offer()) return refuse_offer("an sdp_offer is needed here");
  if (compressed) {
    if (!session.compresses) return refuse_offer("an uncompressed sdp_offer is needed here");
    auto inflated = rtc::inflate_sdp(as_bytes(sub.compressed_sdp_offer()));
    if (!inflated) return refuse_offer("the compressed offer cannot be read: " + std::string(to_string(inflated.error())));
    offer = std::move(*inflated);
  }

  VideoStreams video_streams;
  for (const auto& stream : sub.send_streams()) {
    if (stream.media_type() == signal::VIDEO) video_streams.push_back(&stream);
  }
  AnswerInput input;
  const bool camera_asked = sub.duplex() != signal::RX && !video_streams.empty();
  input.camera_wanted = camera_asked && may_publish(session);
  input.codecs = options_.video_codecs;
  input.camera_receives = !session.firefox;
  input.listens = !session.identity.content;
  input.audio_ssrc = session.audio_ssrc;
  input.session_id = session.connection.value;
  input.version = session.answer_version + 1;
  input.cname = "upcall-" + std::to_string(session.connection.value);
  input.receives_max = options_.video_subscription_limit;
  input.receive_stream_ids.assign(sub.receive_stream_ids().begin(), sub.receive_stream_ids().end());
  input.transport.ice_ufrag = session.local.ufrag;
  input.transport.ice_pwd = session.local.pwd;
  input.transport.fingerprint = options_.fingerprint;
  input.transport.candidates = options_.candidates;
  plan_camera(session, video_streams, input);
  input.is_published = [this, &session](std::uint32_t id) {
    const Session* publisher = publisher_of(id);
    return publisher != nullptr && publisher != &session && may_see(session, *publisher);
  };
  input.ssrcs_for = [this, &session](const std::string& mid, std::uint32_t stream_id) {
    const auto at = session.sending.find(mid);
    // Another layer of the same publication goes on in the same stream.
    const Session* publisher = publisher_of(stream_id);
    if (at != session.sending.end() && publisher != nullptr && at->second.stream_id == publisher->publication->stream_id) {
      return std::pair(at->second.ssrc, at->second.rtx_ssrc);
    }
    const std::uint32_t ssrc = make_ssrc(session);
    return std::pair(ssrc, make_ssrc(session));
  };
  auto answer = build_answer(offer, input);
  if (!answer) return refuse_offer(answer.error().message);

  auto* suback = ack.mutable_suback();
  for (wire::SfuReceive& receive : answer->session.receives) {
    auto* track = suback->add_tracks();
    track->set_stream_id(receive.stream_id);
    track->set_ssrc(receive.ssrc);
    track->set_track_label("v_" + receive.mid);
    const Session& publisher = *publisher_of(receive.stream_id);
    receive.layer_max = layer_limit(session, publisher, receive.stream_id);
    receive.stream_id = publisher.publication->stream_id;
    for (const auto& wanted : sub.video_subscription_configuration()) {
      if (wanted.mid() != receive.mid) continue;
      receive.priority = wanted.priority();
      receive.target_bps = target_bps(wanted);
    }
  }
  ++session.answer_version;
  auto before = std::exchange(session.sending, {});
  for (const wire::SfuReceive& receive : answer->session.receives) {
    // The pair of numbers exists even where no RTX was agreed on.
    const auto old = before.find(receive.mid);
    const bool same = old != before.end() && old->second.ssrc == receive.ssrc;
    session.sending[receive.mid] = {receive.stream_id, receive.ssrc, same ? old->second.rtx_ssrc : receive.rtx_ssrc};
  }
  const bool had_camera = session.publication.has_value();
  bool index_changed = false;
  if (answer->camera) index_changed = publish(session, video_streams, *answer->session.camera);
  else end_publication(session, out);
  if (!session.subscribed) {
    session.subscribed = true;
    session.subscribed_at = now.mono;
    session.muted = session.mute_asked = sub.audio_muted();  // as the attendee says; without the right to speak it is shown as muted all the same
    wire::SfuAddConnection add;
    add.meeting = options_.meeting;
    add.connection = session.connection;
    add.attendee_id = session.identity.attendee_id;
    add.owner_attendee_id = session.identity.owner_id();
    add.display_name = session.identity.display_name;
    add.muted = shown_muted(session);
    add.local_ufrag = session.local.ufrag;
    add.local_pwd = session.local.pwd;
    out.commands.push_back(std::move(add));
    if (const auto rights = rights_of(session); rights != wire::SfuRights()) out.commands.push_back(wire::SfuSetRights{session.connection, rights});
  }
  suback->set_duplex(sub.duplex());
  if (camera_asked && !input.camera_wanted) {
    // "View only": the client takes its own picture away and goes on.
    ack.mutable_error()->set_status(206);
    ack.mutable_error()->set_description("no video can be sent now");
  }
  if (!compressed) {
    suback->set_sdp_answer(answer->sdp);
  } else {
    suback->set_compressed_sdp_answer(rtc::deflate_sdp(answer->sdp, session.last_answer));
  }
  if (session.compresses) session.last_answer = answer->sdp;
  if (answer->camera) {
    // Matched by position to the video send streams alone: an entry for audio would shift them.
    for (std::size_t i = 0; i < video_streams.size(); ++i) {
      auto* allocation = suback->add_allocations();
      allocation->set_track_label(video_streams[i]->track_label());
      const auto& layers = session.publication->layers;
      allocation->set_stream_id(layers.empty() ? session.publication->stream_id : layers[i].stream_id);
      allocation->set_group_id(session.publication->group_id);
    }
  }
  out.answered.push_back({session.no, session.connection, true, !answer->session.receives.empty()});
  answer->session.connection = session.connection;
  // The worker knows the session before the client can send its first check.
  out.commands.push_back(std::move(answer->session));
  send(now, session, ack, out);
  session.takes = answer->takes;
  if (index_changed || had_camera != session.publication.has_value()) broadcast_index(now, out);
  else watch_codecs(now, out);
}

void Room::send_index(Now now, const Session& to, RoomOutput& out) {
  wire::SignalFrame frame;
  frame.set_type(wire::SignalFrame::INDEX);
  auto* index = frame.mutable_index();
  index->set_at_capacity(!to.identity.content && !may_publish(to));
  index->set_num_participants(participants());
  const CodecSet codecs = codecs_of_all();
  for (const auto& [bit, name] : {std::pair(kTakesVp8, signal::VP8), std::pair(kTakesH264Baseline, signal::H264_BASELINE_PROFILE),
                                  std::pair(kTakesH264ConstrainedBaseline, signal::H264_CONSTRAINED_BASELINE_PROFILE),
                                  std::pair(kTakesVp9, signal::VP9_PROFILE_0)}) {
    if (codecs & bit) index->add_supported_receive_codec_intersection(name);
  }
  for (const auto& [no, session] : sessions_) {
    if (session->retired || !session->publication) continue;
    if (session.get() != &to && !may_see(to, *session)) continue;
    add_index_sources(*session, *index);
  }
  send(now, to, frame, out);
}

void Room::broadcast_index(Now now, RoomOutput& out) {
  codecs_told_ = codecs_of_all();
  for (const auto& [no, session] : sessions_) {
    if (session->joined && !session->retired) send_index(now, *session, out);
  }
}

void Room::broadcast_roster(Now now, const signal::SdkAudioStreamIdInfo& entry, RoomOutput& out, SessionNo except) {
  wire::SignalFrame frame;
  frame.set_type(wire::SignalFrame::AUDIO_STREAM_ID_INFO);
  *frame.mutable_audio_stream_id_info()->add_streams() = entry;
  for (const auto& [no, session] : sessions_) {
    if (session->roster_sent && !session->retired && no != except) send(now, *session, frame, out);
  }
}

void Room::send_full_roster(Now now, Session& to, RoomOutput& out) {
  wire::SignalFrame frame;
  frame.set_type(wire::SignalFrame::AUDIO_STREAM_ID_INFO);
  auto* info = frame.mutable_audio_stream_id_info();
  for (const auto& [no, session] : sessions_) {
    if (!session->connected || session->retired) continue;
    auto* entry = info->add_streams();
    entry->set_audio_stream_id(session->audio_stream_id);
    entry->set_attendee_id(session->identity.attendee_id);
    entry->set_external_user_id(session->identity.external_user_id);
    entry->set_muted(shown_muted(*session));
  }
  for (const Silent& s : silent_) {
    auto* entry = info->add_streams();
    entry->set_audio_stream_id(s.audio_stream_id);
    entry->set_attendee_id(s.identity.attendee_id);
    entry->set_external_user_id(s.identity.external_user_id);
    entry->set_muted(true);
  }
  to.roster_sent = true;
  send(now, to, frame, out);
}

void Room::on_audio_levels(Now now, const wire::SfuAudioLevels& levels, RoomOutput& out) {
  wire::SignalFrame frame;
  frame.set_type(wire::SignalFrame::AUDIO_METADATA);
  auto* metadata = frame.mutable_audio_metadata();
  for (const auto& level : levels.levels) {
    const Session* session = find(level.connection);
    if (session == nullptr || !session->connected || session->muted) continue;
    auto* state = metadata->add_attendee_states();
    state->set_audio_stream_id(session->audio_stream_id);
    state->set_volume(level.minus_dbov);  // positive dB below full scale; 42 and more is silence to the client
  }
  if (metadata->attendee_states_size() > 0) broadcast_metadata(now, frame, out);
}

void Room::on_video_held(Now now, const wire::SfuVideoHeld& held, RoomOutput& out) {
  const Session* session = find(held.connection);
  const Session* publisher = publisher_of(held.stream_id);
  if (session == nullptr || publisher == nullptr) return;
  wire::SignalFrame frame;
  frame.set_type(held.held ? wire::SignalFrame::PAUSE : wire::SignalFrame::RESUME);
  frame.mutable_pause()->add_group_ids(publisher->publication->group_id);
  send(now, *session, frame, out);
}

void Room::on_bitrates(Now now, const wire::SfuBitrates& told, RoomOutput& out) {
  wire::SignalFrame frame;
  frame.set_type(wire::SignalFrame::BITRATES);
  auto* bitrates = frame.mutable_bitrates();
  for (const auto& stream : told.streams) {
    auto* one = bitrates->add_bitrates();
    one->set_source_stream_id(stream.stream_id);
    one->set_avg_bitrate_bps(static_cast<std::uint32_t>(std::min<std::uint64_t>(stream.bps, 1'000'000'000)));
  }
  for (const auto& [no, session] : sessions_) {
    if (!session->connected || session->retired) continue;
    const auto link = std::find_if(told.receivers.begin(), told.receivers.end(), [&](const auto& r) { return r.connection == session->connection; });
    // In kbit/s; absent, the client goes by its own estimate.
    if (link != told.receivers.end()) bitrates->set_server_available_outgoing_bitrate(static_cast<std::uint32_t>(link->available_bps / 1000));
    else bitrates->clear_server_available_outgoing_bitrate();
    send(now, *session, frame, out);
  }
}

void Room::on_link_quality(Now now, const wire::SfuLinkQuality& quality, RoomOutput& out) {
  Session* session = find(quality.connection);
  if (session == nullptr || session->link == quality.strength) return;
  session->link = quality.strength;
  if (session->connected) broadcast_links(now, *session, out);
}

void Room::broadcast_links(Now now, const Session& about, RoomOutput& out) {
  if (about.identity.content) return;
  wire::SignalFrame frame;
  frame.set_type(wire::SignalFrame::AUDIO_METADATA);
  auto* metadata = frame.mutable_audio_metadata();
  for (const auto& [no, session] : sessions_) {
    if (!session->connected || session->retired || session->identity.content) continue;
    if (session->link == wire::SfuLinkStrength::good && session->no != about.no) continue;
    auto* state = metadata->add_attendee_states();
    state->set_audio_stream_id(session->audio_stream_id);
    state->set_signal_strength(static_cast<std::uint32_t>(session->link));
  }
  broadcast_metadata(now, frame, out);
}

void Room::broadcast_metadata(Now now, wire::SignalFrame& frame, RoomOutput& out) {
  for (const auto& [no, session] : sessions_) {
    if (session->roster_sent && !session->retired) send(now, *session, frame, out);
  }
}

}  // namespace upcall::signaling
