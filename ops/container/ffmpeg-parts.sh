# The parts of ffmpeg in the preprocess image. Demuxers and decoders are those that
# services/preprocess/src/audio/ffmpeg/ffmpeg-arguments.ts lets ffmpeg open; a test compares them. libopus and libspeex
# are left out: the native decoders serve.
DEMUXERS=mov,matroska,aac,aiff,wav,w64,ogg,avi,caf,au,amr,flac
DECODERS=aac,aac_latm,ac3,eac3,alac,amrnb,amrwb,flac,gsm,gsm_ms,mp1float,mp2float,mp3float
DECODERS=$DECODERS,opus,speex,vorbis,wmav1,wmav2
DECODERS=$DECODERS,adpcm_ima_qt,adpcm_ima_wav,adpcm_ms,pcm_alaw,pcm_mulaw,pcm_bluray,pcm_u8,pcm_s8,mace3,mace6
DECODERS=$DECODERS,pcm_s16le,pcm_s24le,pcm_s32le,pcm_f32le,pcm_f64le
DECODERS=$DECODERS,pcm_s16be,pcm_s24be,pcm_s32be,pcm_f32be,pcm_f64be
PARSERS=aac,aac_latm,ac3,flac,gsm,mpegaudio,opus,vorbis
FILTERS=aformat,anull,aresample,atrim
