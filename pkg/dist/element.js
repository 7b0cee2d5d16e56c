var Z=globalThis,b=Z.document??{createTreeWalker:()=>({})},f=Z.HTMLElement??class{},m=Z.CSSStyleSheet??class{};var L=globalThis,j=L.ShadowRoot&&(L.ShadyCSS===void 0||L.ShadyCSS.nativeShadow)&&"adoptedStyleSheets"in Document.prototype&&"replace"in m.prototype,G=Symbol(),ue=new WeakMap,M=class{constructor(e,s,n){if(this._$cssResult$=!0,n!==G)throw Error("CSSResult is not constructable. Use `unsafeCSS` or `css` instead.");this.cssText=e,this.t=s}get styleSheet(){let e=this.o,s=this.t;if(j&&e===void 0){let n=s!==void 0&&s.length===1;n&&(e=ue.get(s)),e===void 0&&((this.o=e=new m).replaceSync(this.cssText),n&&ue.set(s,e))}return e}toString(){return this.cssText}},he=t=>new M(typeof t=="string"?t:t+"",void 0,G),J=(t,...e)=>{let s=t.length===1?t[0]:e.reduce((n,i,a)=>n+(r=>{if(r._$cssResult$===!0)return r.cssText;if(typeof r=="number")return r;throw Error("Value passed to 'css' function must be a 'css' function result: "+r+". Use 'unsafeCSS' to pass non-literal values, but take care to ensure page security.")})(i)+t[a+1],t[0]);return new M(s,t,G)},me=(t,e)=>{if(j)t.adoptedStyleSheets=e.map(s=>s instanceof m?s:s.styleSheet);else for(let s of e){let n=b.createElement("style"),i=L.litNonce;i!==void 0&&n.setAttribute("nonce",i),n.textContent=s.cssText,t.appendChild(n)}},X=j?t=>t:t=>t instanceof m?(e=>{let s="";for(let n of e.cssRules)s+=n.cssText;return he(s)})(t):t;var{is:qe,defineProperty:Be,getOwnPropertyDescriptor:We,getOwnPropertyNames:Ke,getOwnPropertySymbols:Qe,getPrototypeOf:Ze}=Object,V=globalThis,be=V.trustedTypes,Ge=be?be.emptyScript:"",Je=V.reactiveElementPolyfillSupport,N=(t,e)=>t,Y={toAttribute(t,e){switch(e){case Boolean:t=t?Ge:null;break;case Object:case Array:t=t==null?t:JSON.stringify(t)}return t},fromAttribute(t,e){let s=t;switch(e){case Boolean:s=t!==null;break;case Number:s=t===null?null:Number(t);break;case Object:case Array:try{s=JSON.parse(t)}catch{s=null}}return s}},ge=(t,e)=>!qe(t,e),fe={attribute:!0,type:String,converter:Y,reflect:!1,useDefault:!1,hasChanged:ge};Symbol.metadata??=Symbol("metadata"),V.litPropertyMetadata??=new WeakMap;var x=class extends f{static addInitializer(e){this._$Ei(),(this.l??=[]).push(e)}static get observedAttributes(){return this.finalize(),this._$Eh&&[...this._$Eh.keys()]}static createProperty(e,s=fe){if(s.state&&(s.attribute=!1),this._$Ei(),this.prototype.hasOwnProperty(e)&&((s=Object.create(s)).wrapped=!0),this.elementProperties.set(e,s),!s.noAccessor){let n=Symbol(),i=this.getPropertyDescriptor(e,n,s);i!==void 0&&Be(this.prototype,e,i)}}static getPropertyDescriptor(e,s,n){let{get:i,set:a}=We(this.prototype,e)??{get(){return this[s]},set(r){this[s]=r}};return{get:i,set(r){let o=i?.call(this);a?.call(this,r),this.requestUpdate(e,o,n)},configurable:!0,enumerable:!0}}static getPropertyOptions(e){return this.elementProperties.get(e)??fe}static _$Ei(){if(this.hasOwnProperty(N("elementProperties")))return;let e=Ze(this);e.finalize(),e.l!==void 0&&(this.l=[...e.l]),this.elementProperties=new Map(e.elementProperties)}static finalize(){if(this.hasOwnProperty(N("finalized")))return;if(this.finalized=!0,this._$Ei(),this.hasOwnProperty(N("properties"))){let s=this.properties,n=[...Ke(s),...Qe(s)];for(let i of n)this.createProperty(i,s[i])}let e=this[Symbol.metadata];if(e!==null){let s=litPropertyMetadata.get(e);if(s!==void 0)for(let[n,i]of s)this.elementProperties.set(n,i)}this._$Eh=new Map;for(let[s,n]of this.elementProperties){let i=this._$Eu(s,n);i!==void 0&&this._$Eh.set(i,s)}this.elementStyles=this.finalizeStyles(this.styles)}static finalizeStyles(e){let s=[];if(Array.isArray(e)){let n=new Set(e.flat(1/0).reverse());for(let i of n)s.unshift(X(i))}else e!==void 0&&s.push(X(e));return s}static _$Eu(e,s){let n=s.attribute;return n===!1?void 0:typeof n=="string"?n:typeof e=="string"?e.toLowerCase():void 0}constructor(){super(),this._$Ep=void 0,this.isUpdatePending=!1,this.hasUpdated=!1,this._$Em=null,this._$Ev()}_$Ev(){this._$ES=new Promise(e=>this.enableUpdating=e),this._$AL=new Map,this._$E_(),this.requestUpdate(),this.constructor.l?.forEach(e=>e(this))}addController(e){(this._$EO??=new Set).add(e),this.renderRoot!==void 0&&this.isConnected&&e.hostConnected?.()}removeController(e){this._$EO?.delete(e)}_$E_(){let e=new Map,s=this.constructor.elementProperties;for(let n of s.keys())this.hasOwnProperty(n)&&(e.set(n,this[n]),delete this[n]);e.size>0&&(this._$Ep=e)}createRenderRoot(){let e=this.shadowRoot??this.attachShadow(this.constructor.shadowRootOptions);return me(e,this.constructor.elementStyles),e}connectedCallback(){this.renderRoot??=this.createRenderRoot(),this.enableUpdating(!0),this._$EO?.forEach(e=>e.hostConnected?.())}enableUpdating(e){}disconnectedCallback(){this._$EO?.forEach(e=>e.hostDisconnected?.())}attributeChangedCallback(e,s,n){this._$AK(e,n)}_$ET(e,s){let n=this.constructor.elementProperties.get(e),i=this.constructor._$Eu(e,n);if(i!==void 0&&n.reflect===!0){let a=(n.converter?.toAttribute!==void 0?n.converter:Y).toAttribute(s,n.type);this._$Em=e,a==null?this.removeAttribute(i):this.setAttribute(i,a),this._$Em=null}}_$AK(e,s){let n=this.constructor,i=n._$Eh.get(e);if(i!==void 0&&this._$Em!==i){let a=n.getPropertyOptions(i),r=typeof a.converter=="function"?{fromAttribute:a.converter}:a.converter?.fromAttribute!==void 0?a.converter:Y;this._$Em=i;let o=r.fromAttribute(s,a.type);this[i]=o??this._$Ej?.get(i)??o,this._$Em=null}}requestUpdate(e,s,n,i=!1,a){if(e!==void 0){let r=this.constructor;if(i===!1&&(a=this[e]),n??=r.getPropertyOptions(e),!((n.hasChanged??ge)(a,s)||n.useDefault&&n.reflect&&a===this._$Ej?.get(e)&&!this.hasAttribute(r._$Eu(e,n))))return;this.C(e,s,n)}this.isUpdatePending===!1&&(this._$ES=this._$EP())}C(e,s,{useDefault:n,reflect:i,wrapped:a},r){n&&!(this._$Ej??=new Map).has(e)&&(this._$Ej.set(e,r??s??this[e]),a!==!0||r!==void 0)||(this._$AL.has(e)||(this.hasUpdated||n||(s=void 0),this._$AL.set(e,s)),i===!0&&this._$Em!==e&&(this._$Eq??=new Set).add(e))}async _$EP(){this.isUpdatePending=!0;try{await this._$ES}catch(s){Promise.reject(s)}let e=this.scheduleUpdate();return e!=null&&await e,!this.isUpdatePending}scheduleUpdate(){return this.performUpdate()}performUpdate(){if(!this.isUpdatePending)return;if(!this.hasUpdated){if(this.renderRoot??=this.createRenderRoot(),this._$Ep){for(let[i,a]of this._$Ep)this[i]=a;this._$Ep=void 0}let n=this.constructor.elementProperties;if(n.size>0)for(let[i,a]of n){let{wrapped:r}=a,o=this[i];r!==!0||this._$AL.has(i)||o===void 0||this.C(i,void 0,a,o)}}let e=!1,s=this._$AL;try{e=this.shouldUpdate(s),e?(this.willUpdate(s),this._$EO?.forEach(n=>n.hostUpdate?.()),this.update(s)):this._$EM()}catch(n){throw e=!1,this._$EM(),n}e&&this._$AE(s)}willUpdate(e){}_$AE(e){this._$EO?.forEach(s=>s.hostUpdated?.()),this.hasUpdated||(this.hasUpdated=!0,this.firstUpdated(e)),this.updated(e)}_$EM(){this._$AL=new Map,this.isUpdatePending=!1}get updateComplete(){return this.getUpdateComplete()}getUpdateComplete(){return this._$ES}shouldUpdate(e){return!0}update(e){this._$Eq&&=this._$Eq.forEach(s=>this._$ET(s,this[s])),this._$EM()}updated(e){}firstUpdated(e){}};x.elementStyles=[],x.shadowRootOptions={mode:"open"},x[N("elementProperties")]=new Map,x[N("finalized")]=new Map,Je?.({ReactiveElement:x}),(V.reactiveElementVersions??=[]).push("2.1.2");var re=globalThis,$e=t=>t,q=re.trustedTypes,ye=q?q.createPolicy("lit-html",{createHTML:t=>t}):void 0,Ae="$lit$",v=`lit$${Math.random().toFixed(9).slice(2)}$`,Se="?"+v,Xe=`<${Se}>`,T=b,H=()=>T.createComment(""),U=t=>t===null||typeof t!="object"&&typeof t!="function",oe=Array.isArray,Ye=t=>oe(t)||typeof t?.[Symbol.iterator]=="function",ee=`[ 	
\f\r]`,z=/<(?:(!--|\/[^a-zA-Z])|(\/?[a-zA-Z][^>\s]*)|(\/?$))/g,xe=/-->/g,_e=/>/g,A=RegExp(`>|${ee}(?:([^\\s"'>=/]+)(${ee}*=${ee}*(?:[^ 	
\f\r"'\`<>=]|("|')|))|$)`,"g"),ve=/'/g,ke=/"/g,Te=/^(?:script|style|textarea|title)$/i,le=t=>(e,...s)=>({_$litType$:t,strings:e,values:s}),d=le(1),k=le(2),Mt=le(3),E=Symbol.for("lit-noChange"),c=Symbol.for("lit-nothing"),we=new WeakMap,S=T.createTreeWalker(T,129);function Ee(t,e){if(!oe(t)||!t.hasOwnProperty("raw"))throw Error("invalid template strings array");return ye!==void 0?ye.createHTML(e):e}var et=(t,e)=>{let s=t.length-1,n=[],i,a=e===2?"<svg>":e===3?"<math>":"",r=z;for(let o=0;o<s;o++){let l=t[o],p,h,u=-1,y=0;for(;y<l.length&&(r.lastIndex=y,h=r.exec(l),h!==null);)y=r.lastIndex,r===z?h[1]==="!--"?r=xe:h[1]!==void 0?r=_e:h[2]!==void 0?(Te.test(h[2])&&(i=RegExp("</"+h[2],"g")),r=A):h[3]!==void 0&&(r=A):r===A?h[0]===">"?(r=i??z,u=-1):h[1]===void 0?u=-2:(u=r.lastIndex-h[2].length,p=h[1],r=h[3]===void 0?A:h[3]==='"'?ke:ve):r===ke||r===ve?r=A:r===xe||r===_e?r=z:(r=A,i=void 0);let _=r===A&&t[o+1].startsWith("/>")?" ":"";a+=r===z?l+Xe:u>=0?(n.push(p),l.slice(0,u)+Ae+l.slice(u)+v+_):l+v+(u===-2?o:_)}return[Ee(t,a+(t[s]||"<?>")+(e===2?"</svg>":e===3?"</math>":"")),n]},F=class t{constructor({strings:e,_$litType$:s},n){let i;this.parts=[];let a=0,r=0,o=e.length-1,l=this.parts,[p,h]=et(e,s);if(this.el=t.createElement(p,n),S.currentNode=this.el.content,s===2||s===3){let u=this.el.content.firstChild;u.replaceWith(...u.childNodes)}for(;(i=S.nextNode())!==null&&l.length<o;){if(i.nodeType===1){if(i.hasAttributes())for(let u of i.getAttributeNames())if(u.endsWith(Ae)){let y=h[r++],_=i.getAttribute(u).split(v),I=/([.?@])?(.*)/.exec(y);l.push({type:1,index:a,name:I[2],strings:_,ctor:I[1]==="."?se:I[1]==="?"?ne:I[1]==="@"?ie:O}),i.removeAttribute(u)}else u.startsWith(v)&&(l.push({type:6,index:a}),i.removeAttribute(u));if(Te.test(i.tagName)){let u=i.textContent.split(v),y=u.length-1;if(y>0){i.textContent=q?q.emptyScript:"";for(let _=0;_<y;_++)i.append(u[_],H()),S.nextNode(),l.push({type:2,index:++a});i.append(u[y],H())}}}else if(i.nodeType===8)if(i.data===Se)l.push({type:2,index:a});else{let u=-1;for(;(u=i.data.indexOf(v,u+1))!==-1;)l.push({type:7,index:a}),u+=v.length-1}a++}}static createElement(e,s){let n=T.createElement("template");return n.innerHTML=e,n}};function P(t,e,s=t,n){if(e===E)return e;let i=n!==void 0?s._$Co?.[n]:s._$Cl,a=U(e)?void 0:e._$litDirective$;return i?.constructor!==a&&(i?._$AO?.(!1),a===void 0?i=void 0:(i=new a(t),i._$AT(t,s,n)),n!==void 0?(s._$Co??=[])[n]=i:s._$Cl=i),i!==void 0&&(e=P(t,i._$AS(t,e.values),i,n)),e}var te=class{constructor(e,s){this._$AV=[],this._$AN=void 0,this._$AD=e,this._$AM=s}get parentNode(){return this._$AM.parentNode}get _$AU(){return this._$AM._$AU}u(e){let{el:{content:s},parts:n}=this._$AD,i=(e?.creationScope??T).importNode(s,!0);S.currentNode=i;let a=S.nextNode(),r=0,o=0,l=n[0];for(;l!==void 0;){if(r===l.index){let p;l.type===2?p=new D(a,a.nextSibling,this,e):l.type===1?p=new l.ctor(a,l.name,l.strings,this,e):l.type===6&&(p=new ae(a,this,e)),this._$AV.push(p),l=n[++o]}r!==l?.index&&(a=S.nextNode(),r++)}return S.currentNode=T,i}p(e){let s=0;for(let n of this._$AV)n!==void 0&&(n.strings!==void 0?(n._$AI(e,n,s),s+=n.strings.length-2):n._$AI(e[s])),s++}},D=class t{get _$AU(){return this._$AM?._$AU??this._$Cv}constructor(e,s,n,i){this.type=2,this._$AH=c,this._$AN=void 0,this._$AA=e,this._$AB=s,this._$AM=n,this.options=i,this._$Cv=i?.isConnected??!0}get parentNode(){let e=this._$AA.parentNode,s=this._$AM;return s!==void 0&&e?.nodeType===11&&(e=s.parentNode),e}get startNode(){return this._$AA}get endNode(){return this._$AB}_$AI(e,s=this){e=P(this,e,s),U(e)?e===c||e==null||e===""?(this._$AH!==c&&this._$AR(),this._$AH=c):e!==this._$AH&&e!==E&&this._(e):e._$litType$!==void 0?this.$(e):e.nodeType!==void 0?this.T(e):Ye(e)?this.k(e):this._(e)}O(e){return this._$AA.parentNode.insertBefore(e,this._$AB)}T(e){this._$AH!==e&&(this._$AR(),this._$AH=this.O(e))}_(e){this._$AH!==c&&U(this._$AH)?this._$AA.nextSibling.data=e:this.T(T.createTextNode(e)),this._$AH=e}$(e){let{values:s,_$litType$:n}=e,i=typeof n=="number"?this._$AC(e):(n.el===void 0&&(n.el=F.createElement(Ee(n.h,n.h[0]),this.options)),n);if(this._$AH?._$AD===i)this._$AH.p(s);else{let a=new te(i,this),r=a.u(this.options);a.p(s),this.T(r),this._$AH=a}}_$AC(e){let s=we.get(e.strings);return s===void 0&&we.set(e.strings,s=new F(e)),s}k(e){oe(this._$AH)||(this._$AH=[],this._$AR());let s=this._$AH,n,i=0;for(let a of e)i===s.length?s.push(n=new t(this.O(H()),this.O(H()),this,this.options)):n=s[i],n._$AI(a),i++;i<s.length&&(this._$AR(n&&n._$AB.nextSibling,i),s.length=i)}_$AR(e=this._$AA.nextSibling,s){for(this._$AP?.(!1,!0,s);e!==this._$AB;){let n=$e(e).nextSibling;$e(e).remove(),e=n}}setConnected(e){this._$AM===void 0&&(this._$Cv=e,this._$AP?.(e))}},O=class{get tagName(){return this.element.tagName}get _$AU(){return this._$AM._$AU}constructor(e,s,n,i,a){this.type=1,this._$AH=c,this._$AN=void 0,this.element=e,this.name=s,this._$AM=i,this.options=a,n.length>2||n[0]!==""||n[1]!==""?(this._$AH=Array(n.length-1).fill(new String),this.strings=n):this._$AH=c}_$AI(e,s=this,n,i){let a=this.strings,r=!1;if(a===void 0)e=P(this,e,s,0),r=!U(e)||e!==this._$AH&&e!==E,r&&(this._$AH=e);else{let o=e,l,p;for(e=a[0],l=0;l<a.length-1;l++)p=P(this,o[n+l],s,l),p===E&&(p=this._$AH[l]),r||=!U(p)||p!==this._$AH[l],p===c?e=c:e!==c&&(e+=(p??"")+a[l+1]),this._$AH[l]=p}r&&!i&&this.j(e)}j(e){e===c?this.element.removeAttribute(this.name):this.element.setAttribute(this.name,e??"")}},se=class extends O{constructor(){super(...arguments),this.type=3}j(e){this.element[this.name]=e===c?void 0:e}},ne=class extends O{constructor(){super(...arguments),this.type=4}j(e){this.element.toggleAttribute(this.name,!!e&&e!==c)}},ie=class extends O{constructor(e,s,n,i,a){super(e,s,n,i,a),this.type=5}_$AI(e,s=this){if((e=P(this,e,s,0)??c)===E)return;let n=this._$AH,i=e===c&&n!==c||e.capture!==n.capture||e.once!==n.once||e.passive!==n.passive,a=e!==c&&(n===c||i);i&&this.element.removeEventListener(this.name,this,n),a&&this.element.addEventListener(this.name,this,e),this._$AH=e}handleEvent(e){typeof this._$AH=="function"?this._$AH.call(this.options?.host??this.element,e):this._$AH.handleEvent(e)}},ae=class{constructor(e,s,n){this.element=e,this.type=6,this._$AN=void 0,this._$AM=s,this.options=n}get _$AU(){return this._$AM._$AU}_$AI(e){P(this,e)}};var tt=re.litHtmlPolyfillSupport;tt?.(F,D),(re.litHtmlVersions??=[]).push("3.3.3");var Re=(t,e,s)=>{let n=s?.renderBefore??e,i=n._$litPart$;if(i===void 0){let a=s?.renderBefore??null;n._$litPart$=i=new D(e.insertBefore(H(),a),a,void 0,s??{})}return i._$AI(t),i};var ce=globalThis,w=class extends x{constructor(){super(...arguments),this.renderOptions={host:this},this._$Do=void 0}createRenderRoot(){let e=super.createRenderRoot();return this.renderOptions.renderBefore??=e.firstChild,e}update(e){let s=this.render();this.hasUpdated||(this.renderOptions.isConnected=this.isConnected),super.update(e),this._$Do=Re(s,this.renderRoot,this.renderOptions)}connectedCallback(){super.connectedCallback(),this._$Do?.setConnected(!0)}disconnectedCallback(){super.disconnectedCallback(),this._$Do?.setConnected(!1)}render(){return E}};w._$litElement$=!0,w.finalized=!0,ce.litElementHydrateSupport?.({LitElement:w});var st=ce.litElementPolyfillSupport;st?.({LitElement:w});(ce.litElementVersions??=[]).push("4.2.2");var nt=["quality","reliability","location","specialisation","pricing","availability"];function B(t,e){let s=(o,l={})=>it(t,{maximumFractionDigits:o,...l}),[n,i,a]=[s(0),s(1),s(1,{minimumFractionDigits:1})],r=e?s(0,{style:"currency",currency:e}):s(0);return{whole:o=>n.format(o),tenth:o=>i.format(o),points:o=>a.format(o),money:o=>r.format(o)}}function it(t,e){let{maximumFractionDigits:s=0}=e;for(let[n,i]of[[t,e],["en",e],[t,{maximumFractionDigits:s}]])try{return new Intl.NumberFormat(n,i)}catch{}return new Intl.NumberFormat("en",{maximumFractionDigits:s})}function $(t){return t.cleanerId??t.jobId??String(t.rank)}function W(t,e){return t.name?t.name:t.jobId===void 0?e.cleaner($(t)):e.job(t.jobId)}function Ce(t){return t>=80?0:t>=60?1:t>=40?2:3}function Pe(t,e,s){let{price:n,pay:i,bid:a,bidCount:r,lowestBid:o,distanceKm:l}=t;return[g(i)&&{icon:"price",text:e.pay(s.money(i))},g(n)&&{icon:"price",text:(a?e.bid:e.price)(s.money(n))},g(r)&&{icon:"bids",text:e.bids(r,g(o)?s.money(o):null)},g(l)&&{icon:"distance",text:e.distance(s.tenth(l))}].filter(h=>h!==!1)}function Oe({breakdown:t={}}){return nt.flatMap(e=>{let s=t[e];return s===void 0?[]:[{part:e,value:s}]})}function g(t){return typeof t=="number"&&Number.isFinite(t)}var at=["rules","neural","price"];function Me(t){let{explanation:e}=t,s=de(e)?ct(e,t):c;return d`${rt(t)}${s}${lt(t)}${dt(t)}`}function rt({item:t,texts:e,formats:s}){let n=Oe(t);return n.length===0?c:d`<section part="breakdown">
    <p class="caption">${e.breakdown}</p>
    <ul class="bars" role="list">
      ${n.map(({part:i,value:a})=>ot(e.parts[i],a,e,s))}
    </ul>
  </section>`}function ot(t,e,s,n){if(!g(e))return d`<li class="bar-row">
      <span class="bar-label">${t}</span><span class="bar none" part="bar"></span>
      <span class="bar-value">${s.unknown}</span>
    </li>`;let i=Math.min(Math.max(e,0),100);return d`<li class="bar-row">
    <span class="bar-label" aria-hidden="true">${t}</span>
    <span
      class="bar"
      part="bar"
      role="meter"
      aria-label=${t}
      aria-valuemin="0"
      aria-valuemax="100"
      aria-valuenow=${Math.round(i)}
      aria-valuetext=${s.outOf(n.whole(e))}
      ><span part="bar-fill" .style=${`inline-size:${i}%`}></span
    ></span>
    <span class="bar-value" aria-hidden="true">${n.whole(e)}</span>
  </li>`}function lt({item:t,texts:e,formats:s}){let{contributions:n=[],ruleScore:i}=t;if(n.length===0)return c;let a=n.map(({component:o,contribution:l,...p})=>({...p,points:l,label:e.components[o]??o})),r={label:e.total,points:i};return d`<section part="contributions">${Ne(e.contributions,a,r,e,s)}</section>`}function ct({parts:t},{item:e,texts:s,formats:n}){if(!t)return c;let i=at.map(r=>({...t[r],label:s.scorePart[r]})),a={label:s.scoreTotal,points:e.score};return d`<section part="score-parts">${Ne(s.scoreParts,i,a,s,n)}</section>`}function Ne(t,e,s,n,i){let a=({label:o,weight:l,value:p,points:h})=>d`<tr>
    <th scope="row">${o}</th>
    <td>${i.whole(l)} %</td>
    <td>${g(p)?i.whole(p):n.unknown}</td>
    <td>${i.points(h)}</td>
  </tr>`,r=g(s.points)?d`<tfoot>
        <tr>
          <th scope="row" colspan="3">${s.label}</th>
          <td>${i.points(s.points)}</td>
        </tr>
      </tfoot>`:c;return d`<table>
    <caption class="caption">
      ${t}
    </caption>
    <thead>
      <tr>
        <th scope="col">${n.component}</th>
        <th scope="col">${n.weight}</th>
        <th scope="col">${n.value}</th>
        <th scope="col">${n.points}</th>
      </tr>
    </thead>
    <tbody>
      ${e.map(a)}
    </tbody>
    ${r}
  </table>`}function dt(t){let{item:e,explanation:s,texts:n,formats:i}=t,{interval:a,neuralScore:r}=e,o=a&&g(r)?d`<p><bdi>${n.interval(i.whole(r),i.whole(a[0]),i.whole(a[1]))}</bdi></p>`:c,l=de(s)?pt(s,t):c,p=de(s)?ut(s,t):c,h=s==="pending"?d`<p class="waiting" role="status">${n.explaining}</p>`:s==="failed"?d`<p class="waiting" role="status">${n.unexplained}</p>`:c,u=o===c&&l===c?c:d`<section part="model"><p class="caption">${n.model}</p>${o}${l}</section>`;return d`${u}${p}${h}`}function pt({neural:t},{texts:e,formats:s}){if(!t||t.groups.length===0)return c;let n=r=>`${r<0?"\u2212":"+"}${s.points(Math.abs(r))}`,i=Math.max(...t.groups.map(({points:r})=>Math.abs(r)),1e-9),a=r=>`inline-size:${Math.abs(r)/i*50}%`;return d`<ul class="groups" role="list">
    <li class="bar-row">
      <span class="bar-label">${e.baseline}</span><span></span>
      <span class="bar-value">${s.points(t.baseline)}</span>
    </li>
    ${t.groups.map(({group:r,points:o})=>d`<li class="bar-row">
        <span class="bar-label">${e.groups[r]??r}</span>
        <span class="both" aria-hidden="true"
          ><span class=${o<0?"minus":"plus"} part="group-bar" .style=${a(o)}></span
        ></span>
        <span class="bar-value">${n(o)}</span>
      </li>`)}
  </ul>`}function ut({counterfactuals:t=[]},{texts:e}){return t.length===0?c:d`<section part="changes">
    <p class="caption">${e.changes}</p>
    <ul class="changes">
      ${t.map(({text:s})=>d`<li><bdi>${s}</bdi></li>`)}
    </ul>
  </section>`}function de(t){return typeof t=="object"&&t!==null}var R=t=>d`<svg class="icon" viewBox="0 0 20 20" width="16" height="16" aria-hidden="true" focusable="false">${t}</svg>`,C={price:R(k`<path d="M3 10.5 10.5 3H16a1 1 0 0 1 1 1v5.5L9.5 17a1.4 1.4 0 0 1-2 0L3 12.5a1.4 1.4 0 0 1 0-2Z"/><circle cx="13.3" cy="6.7" r="1.1"/>`),distance:R(k`<path d="M10 17.5s5.5-4.6 5.5-9a5.5 5.5 0 0 0-11 0c0 4.4 5.5 9 5.5 9Z"/><circle cx="10" cy="8.5" r="2"/>`),bids:R(k`<path d="M4 16h12M5.5 13l4-4M8.3 5.2l6.5 6.5M11 3l-3.5 3.5M17 9l-3.5 3.5"/>`),reason:R(k`<path d="m4.5 10.5 3.7 3.7 7.3-8"/>`),open:R(k`<path d="m5.5 8 4.5 4.5L14.5 8"/>`),helpful:R(k`<path d="M6.5 9 9 3.2a1.7 1.7 0 0 1 2.3 1.8L10.8 8h4a1.5 1.5 0 0 1 1.5 1.8l-1 5A1.5 1.5 0 0 1 13.8 16H6.5M6.5 9v7H3.8V9Z"/>`),not:R(k`<path d="M6.5 11 9 16.8a1.7 1.7 0 0 0 2.3-1.8l-.5-3h4a1.5 1.5 0 0 0 1.5-1.8l-1-5A1.5 1.5 0 0 0 13.8 4H6.5M6.5 11V4H3.8v7Z"/>`)};var ze=1e3,ht=["not_relevant","too_expensive","too_far","wrong_specialty"];function He(t){let{step:e,texts:s,title:n}=t;return e==="done"?d`<p class="thanks" part="thanks" data-focus tabindex="-1"><bdi>${s.thanks}</bdi></p>`:e==="other"?bt(t):e==="asking"?mt(t):d`<div class="feedback" part="feedback" role="group" aria-label=${s.feedback(n)}>
    <button type="button" class="quiet" part="button helpful" @click=${()=>t.say("helpful")}>
      ${C.helpful}${s.kinds.helpful}
    </button>
    <button type="button" class="quiet" part="button not-helpful" data-focus @click=${()=>t.goTo("asking")}>
      ${C.not}${s.notHelpful}
    </button>
  </div>`}function mt(t){let{texts:e,title:s}=t;return d`<div
    class="feedback asking"
    part="feedback"
    role="group"
    aria-label="${e.feedback(s)}: ${e.feedbackQuestion}"
    @keydown=${Ue(t)}
  >
    <span class="question" aria-hidden="true"><bdi>${e.feedbackQuestion}</bdi></span>
    ${ht.map((n,i)=>d`<button
        type="button"
        class="chip"
        part="button complaint"
        ?data-focus=${i===0}
        @click=${()=>t.say(n)}
      >
        ${e.kinds[n]}
      </button>`)}
    <button type="button" class="chip" part="button complaint" @click=${()=>t.goTo("other")}>
      ${e.kinds.other}
    </button>
    <button type="button" class="quiet" part="button cancel" @click=${()=>t.goTo(void 0)}>
      ${e.cancel}
    </button>
  </div>`}function bt(t){let{texts:e,id:s}=t;return d`<form class="feedback comment" part="feedback" @submit=${i=>{i.preventDefault();let a=new FormData(i.currentTarget).get("comment"),r=typeof a=="string"?a.trim().slice(0,ze):"";t.say("other",r||void 0)}} @keydown=${Ue(t)}>
    <label for="${s}-comment">${e.comment}</label>
    <textarea id="${s}-comment" name="comment" part="comment" rows="2" maxlength=${ze} data-focus></textarea>
    <div class="buttons">
      <button type="submit" class="main" part="button send">${e.send}</button>
      <button type="button" class="quiet" part="button cancel" @click=${()=>t.goTo(void 0)}>${e.cancel}</button>
    </div>
  </form>`}function Ue(t){return e=>{e.key==="Escape"&&(e.stopPropagation(),t.goTo(void 0))}}var Fe=125.664;function De(t){let{item:e,title:s,id:n,texts:i,headingLevel:a,expanded:r,hide:o}=t;return d`<li class="card" part="card" data-id=${n}>
    <div class="head">
      <span class="rank" part="rank"><span class="hidden">${i.rank(e.rank)}</span><span aria-hidden="true">${e.rank}</span></span>
      <div class="what">
        <div class="title-row">
          <div role="heading" aria-level=${a} class="title" part="title">
            <button type="button" part="name" aria-label=${i.select(s)} @click=${t.select}><bdi>${s}</bdi></button>
          </div>
          ${e.isNew?d`<span class="badge" part="badge">${i.isNew}</span>`:c}
        </div>
        ${ft(t)}
      </div>
      ${$t(t)}
    </div>
    ${gt(t)}
    <div class="actions" part="actions">
      ${o.contact?c:d`<button
              type="button"
              class="main"
              part="button contact"
              aria-label=${i.contactWith(s)}
              @click=${t.contact}
            >
              <bdi>${i.contact}</bdi>
            </button>`}
      ${o.details?c:d`<button
              type="button"
              class="quiet why"
              part="button details-button"
              aria-expanded=${r?"true":"false"}
              aria-controls="${n}-details"
              aria-label="${i.why} ${s}"
              @click=${t.toggle}
            >
              <bdi>${i.why}</bdi>${C.open}
            </button>`}
      ${o.feedback?c:He(t)}
    </div>
    ${o.details?c:d`<div
            id="${n}-details"
            class="details"
            part="details"
            role="region"
            aria-label=${i.details(s)}
            ?hidden=${!r}
          >
            ${r?Me(t):c}
          </div>`}
  </li>`}function ft({item:t,texts:e,formats:s}){let n=Pe(t,e,s);return n.length===0?c:d`<ul class="facts" part="facts" role="list">
    ${n.map(({icon:i,text:a})=>d`<li>${C[i]}<bdi>${a}</bdi></li>`)}
  </ul>`}function gt({item:{reasons:t=[]}}){return t.length===0?c:d`<ul class="reasons" part="reasons" role="list">
    ${t.map(({text:e})=>d`<li>${C.reason}<bdi>${e}</bdi></li>`)}
  </ul>`}function $t({item:{score:t},texts:e,formats:s}){if(!g(t))return c;let n=Ce(t),i=Math.min(Math.max(t,0),100)/100*Fe,a=e.grades[n];return d`<p class="score grade-${n}" part="score">
    <span class="hidden">${e.score(s.whole(t),a)}</span>
    <span class="ring" aria-hidden="true">
      <svg viewBox="0 0 48 48" width="48" height="48" focusable="false">
        <circle class="track" cx="24" cy="24" r="20"/>
        <circle class="arc" cx="24" cy="24" r="20" stroke-dasharray="${i} ${Fe}"/>
      </svg>
      <span class="number">${s.whole(t)}</span>
    </span>
    <span class="words" aria-hidden="true">${a}</span>
  </p>`}var Ie={list:"Ranking",cleaner:t=>`Cleaner ${t}`,job:t=>`Job ${t}`,score:(t,e)=>`Score ${t} of 100, ${e}`,grades:["very good match","good match","fair match","weak match"],rank:t=>`Place ${t}`,isNew:"New",price:t=>`About ${t}`,bid:t=>`Bid ${t}`,pay:t=>`Pays ${t}`,bids:(t,e)=>`${t===1?"1 bid":`${t} bids`}${e?`, from ${e}`:""}`,distance:t=>`${t} km away`,why:"Why this place?",details:t=>`Why is ${t} in this place?`,breakdown:"How well it fits",parts:{quality:"Quality",location:"Distance",specialisation:"Specialisation",pricing:"Price",availability:"Availability",reliability:"Reliability"},outOf:t=>`${t} of 100`,unknown:"unknown",scoreParts:"How the score adds up",scorePart:{rules:"Rules",neural:"Model",price:"Price"},scoreTotal:"Score",contributions:"How the rule score adds up",component:"Part",weight:"Weight",value:"Value",points:"Points",total:"Rule score",components:{quality:"Quality",reliability:"Reliability",experience:"Experience",bidding:"Bidding",activity:"Activity",location:"Distance",specialisation:"Specialisation",pricing:"Price",competition:"Competition",client:"Client"},model:"What the model makes of it",interval:(t,e,s)=>`The model expects ${t} of 100, probably between ${e} and ${s}.`,groups:{client:"Client",cleaner:"Cleaner",property:"Property",when_where:"Time and place",distance:"Distance",price:"Price",ratings:"Ratings",record:"Experience"},baseline:"Usual score",changes:"What would change the place",explaining:"Working out why \u2026",unexplained:"There is no explanation just now.",select:t=>`Choose ${t}`,contact:"Contact",contactWith:t=>`Contact ${t}`,feedback:t=>`Feedback on ${t}`,feedbackQuestion:"What is wrong?",kinds:{helpful:"Helpful",not_relevant:"Not relevant",too_expensive:"Too expensive",too_far:"Too far away",wrong_specialty:"Wrong specialisation",other:"Something else"},notHelpful:"Not for me",comment:"Tell us more",send:"Send",cancel:"Cancel",thanks:"Thank you, noted.",loading:"Ranking \u2026",empty:"Nobody fits these wishes. Try a larger distance or fewer limits.",found:t=>t===1?"1 result":`${t} results`},Le={list:"\u039A\u03B1\u03C4\u03AC\u03C4\u03B1\u03BE\u03B7",cleaner:t=>`\u039A\u03B1\u03B8\u03B1\u03C1\u03B9\u03C3\u03C4\u03AE\u03C2 ${t}`,job:t=>`\u0395\u03C1\u03B3\u03B1\u03C3\u03AF\u03B1 ${t}`,score:(t,e)=>`\u0392\u03B1\u03B8\u03BC\u03BF\u03BB\u03BF\u03B3\u03AF\u03B1 ${t} \u03C3\u03C4\u03B1 100, ${e}`,grades:["\u03C0\u03BF\u03BB\u03CD \u03BA\u03B1\u03BB\u03AE \u03B5\u03C0\u03B9\u03BB\u03BF\u03B3\u03AE","\u03BA\u03B1\u03BB\u03AE \u03B5\u03C0\u03B9\u03BB\u03BF\u03B3\u03AE","\u03BC\u03AD\u03C4\u03C1\u03B9\u03B1 \u03B5\u03C0\u03B9\u03BB\u03BF\u03B3\u03AE","\u03B1\u03B4\u03CD\u03BD\u03B1\u03BC\u03B7 \u03B5\u03C0\u03B9\u03BB\u03BF\u03B3\u03AE"],rank:t=>`\u0398\u03AD\u03C3\u03B7 ${t}`,isNew:"\u039D\u03AD\u03BF",price:t=>`\u03A0\u03B5\u03C1\u03AF\u03C0\u03BF\u03C5 ${t}`,bid:t=>`\u03A0\u03C1\u03BF\u03C3\u03C6\u03BF\u03C1\u03AC ${t}`,pay:t=>`\u0391\u03BC\u03BF\u03B9\u03B2\u03AE ${t}`,bids:(t,e)=>`${t===1?"1 \u03C0\u03C1\u03BF\u03C3\u03C6\u03BF\u03C1\u03AC":`${t} \u03C0\u03C1\u03BF\u03C3\u03C6\u03BF\u03C1\u03AD\u03C2`}${e?`, \u03B1\u03C0\u03CC ${e}`:""}`,distance:t=>`${t} \u03C7\u03BB\u03BC. \u03BC\u03B1\u03BA\u03C1\u03B9\u03AC`,why:"\u0393\u03B9\u03B1\u03C4\u03AF \u03C3\u03B5 \u03B1\u03C5\u03C4\u03AE \u03C4\u03B7 \u03B8\u03AD\u03C3\u03B7;",details:t=>`\u0393\u03B9\u03B1\u03C4\u03AF ${t} \u03C3\u03B5 \u03B1\u03C5\u03C4\u03AE \u03C4\u03B7 \u03B8\u03AD\u03C3\u03B7;`,breakdown:"\u03A0\u03CC\u03C3\u03BF \u03C4\u03B1\u03B9\u03C1\u03B9\u03AC\u03B6\u03B5\u03B9",parts:{quality:"\u03A0\u03BF\u03B9\u03CC\u03C4\u03B7\u03C4\u03B1",location:"\u0391\u03C0\u03CC\u03C3\u03C4\u03B1\u03C3\u03B7",specialisation:"\u0395\u03BE\u03B5\u03B9\u03B4\u03AF\u03BA\u03B5\u03C5\u03C3\u03B7",pricing:"\u03A4\u03B9\u03BC\u03AE",availability:"\u0394\u03B9\u03B1\u03B8\u03B5\u03C3\u03B9\u03BC\u03CC\u03C4\u03B7\u03C4\u03B1",reliability:"\u0391\u03BE\u03B9\u03BF\u03C0\u03B9\u03C3\u03C4\u03AF\u03B1"},outOf:t=>`${t} \u03C3\u03C4\u03B1 100`,unknown:"\u03AC\u03B3\u03BD\u03C9\u03C3\u03C4\u03BF",scoreParts:"\u03A0\u03CE\u03C2 \u03C0\u03C1\u03BF\u03BA\u03CD\u03C0\u03C4\u03B5\u03B9 \u03B7 \u03B2\u03B1\u03B8\u03BC\u03BF\u03BB\u03BF\u03B3\u03AF\u03B1",scorePart:{rules:"\u039A\u03B1\u03BD\u03CC\u03BD\u03B5\u03C2",neural:"\u039C\u03BF\u03BD\u03C4\u03AD\u03BB\u03BF",price:"\u03A4\u03B9\u03BC\u03AE"},scoreTotal:"\u0392\u03B1\u03B8\u03BC\u03BF\u03BB\u03BF\u03B3\u03AF\u03B1",contributions:"\u03A0\u03CE\u03C2 \u03C0\u03C1\u03BF\u03BA\u03CD\u03C0\u03C4\u03B5\u03B9 \u03B7 \u03B2\u03B1\u03B8\u03BC\u03BF\u03BB\u03BF\u03B3\u03AF\u03B1 \u03C4\u03C9\u03BD \u03BA\u03B1\u03BD\u03CC\u03BD\u03C9\u03BD",component:"\u039C\u03AD\u03C1\u03BF\u03C2",weight:"\u0392\u03AC\u03C1\u03BF\u03C2",value:"\u03A4\u03B9\u03BC\u03AE",points:"\u0392\u03B1\u03B8\u03BC\u03BF\u03AF",total:"\u0392\u03B1\u03B8\u03BC\u03BF\u03BB\u03BF\u03B3\u03AF\u03B1 \u03BA\u03B1\u03BD\u03CC\u03BD\u03C9\u03BD",components:{quality:"\u03A0\u03BF\u03B9\u03CC\u03C4\u03B7\u03C4\u03B1",reliability:"\u0391\u03BE\u03B9\u03BF\u03C0\u03B9\u03C3\u03C4\u03AF\u03B1",experience:"\u0395\u03BC\u03C0\u03B5\u03B9\u03C1\u03AF\u03B1",bidding:"\u03A0\u03C1\u03BF\u03C3\u03C6\u03BF\u03C1\u03AD\u03C2",activity:"\u0394\u03C1\u03B1\u03C3\u03C4\u03B7\u03C1\u03B9\u03CC\u03C4\u03B7\u03C4\u03B1",location:"\u0391\u03C0\u03CC\u03C3\u03C4\u03B1\u03C3\u03B7",specialisation:"\u0395\u03BE\u03B5\u03B9\u03B4\u03AF\u03BA\u03B5\u03C5\u03C3\u03B7",pricing:"\u03A4\u03B9\u03BC\u03AE",competition:"\u0391\u03BD\u03C4\u03B1\u03B3\u03C9\u03BD\u03B9\u03C3\u03BC\u03CC\u03C2",client:"\u03A0\u03B5\u03BB\u03AC\u03C4\u03B7\u03C2"},model:"\u03A4\u03B9 \u03BB\u03AD\u03B5\u03B9 \u03C4\u03BF \u03BC\u03BF\u03BD\u03C4\u03AD\u03BB\u03BF",interval:(t,e,s)=>`\u03A4\u03BF \u03BC\u03BF\u03BD\u03C4\u03AD\u03BB\u03BF \u03C0\u03B5\u03C1\u03B9\u03BC\u03AD\u03BD\u03B5\u03B9 ${t} \u03C3\u03C4\u03B1 100, \u03C0\u03B9\u03B8\u03B1\u03BD\u03CC\u03C4\u03B1\u03C4\u03B1 \u03BC\u03B5\u03C4\u03B1\u03BE\u03CD ${e} \u03BA\u03B1\u03B9 ${s}.`,groups:{client:"\u03A0\u03B5\u03BB\u03AC\u03C4\u03B7\u03C2",cleaner:"\u039A\u03B1\u03B8\u03B1\u03C1\u03B9\u03C3\u03C4\u03AE\u03C2",property:"\u0391\u03BA\u03AF\u03BD\u03B7\u03C4\u03BF",when_where:"\u03A7\u03C1\u03CC\u03BD\u03BF\u03C2 \u03BA\u03B1\u03B9 \u03C4\u03CC\u03C0\u03BF\u03C2",distance:"\u0391\u03C0\u03CC\u03C3\u03C4\u03B1\u03C3\u03B7",price:"\u03A4\u03B9\u03BC\u03AE",ratings:"\u0391\u03BE\u03B9\u03BF\u03BB\u03BF\u03B3\u03AE\u03C3\u03B5\u03B9\u03C2",record:"\u0395\u03BC\u03C0\u03B5\u03B9\u03C1\u03AF\u03B1"},baseline:"\u03A3\u03C5\u03BD\u03B7\u03B8\u03B9\u03C3\u03BC\u03AD\u03BD\u03B7 \u03B2\u03B1\u03B8\u03BC\u03BF\u03BB\u03BF\u03B3\u03AF\u03B1",changes:"\u03A4\u03B9 \u03B8\u03B1 \u03AC\u03BB\u03BB\u03B1\u03B6\u03B5 \u03C4\u03B7 \u03B8\u03AD\u03C3\u03B7",explaining:"\u03A5\u03C0\u03BF\u03BB\u03BF\u03B3\u03AF\u03B6\u03B5\u03C4\u03B1\u03B9 \u03B7 \u03B5\u03BE\u03AE\u03B3\u03B7\u03C3\u03B7 \u2026",unexplained:"\u0394\u03B5\u03BD \u03C5\u03C0\u03AC\u03C1\u03C7\u03B5\u03B9 \u03B5\u03BE\u03AE\u03B3\u03B7\u03C3\u03B7 \u03B1\u03C5\u03C4\u03AE \u03C4\u03B7 \u03C3\u03C4\u03B9\u03B3\u03BC\u03AE.",select:t=>`\u0395\u03C0\u03B9\u03BB\u03BF\u03B3\u03AE: ${t}`,contact:"\u0395\u03C0\u03B9\u03BA\u03BF\u03B9\u03BD\u03C9\u03BD\u03AF\u03B1",contactWith:t=>`\u0395\u03C0\u03B9\u03BA\u03BF\u03B9\u03BD\u03C9\u03BD\u03AF\u03B1: ${t}`,feedback:t=>`\u0397 \u03B3\u03BD\u03CE\u03BC\u03B7 \u03C3\u03B1\u03C2: ${t}`,feedbackQuestion:"\u03A4\u03B9 \u03B4\u03B5\u03BD \u03C4\u03B1\u03B9\u03C1\u03B9\u03AC\u03B6\u03B5\u03B9;",kinds:{helpful:"\u03A7\u03C1\u03AE\u03C3\u03B9\u03BC\u03BF",not_relevant:"\u0386\u03C3\u03C7\u03B5\u03C4\u03BF",too_expensive:"\u03A0\u03BF\u03BB\u03CD \u03B1\u03BA\u03C1\u03B9\u03B2\u03CC",too_far:"\u03A0\u03BF\u03BB\u03CD \u03BC\u03B1\u03BA\u03C1\u03B9\u03AC",wrong_specialty:"\u039B\u03AC\u03B8\u03BF\u03C2 \u03B5\u03BE\u03B5\u03B9\u03B4\u03AF\u03BA\u03B5\u03C5\u03C3\u03B7",other:"\u039A\u03AC\u03C4\u03B9 \u03AC\u03BB\u03BB\u03BF"},notHelpful:"\u0394\u03B5\u03BD \u03BC\u03BF\u03C5 \u03BA\u03AC\u03BD\u03B5\u03B9",comment:"\u03A0\u03B5\u03AF\u03C4\u03B5 \u03BC\u03B1\u03C2 \u03C0\u03B5\u03C1\u03B9\u03C3\u03C3\u03CC\u03C4\u03B5\u03C1\u03B1",send:"\u0391\u03C0\u03BF\u03C3\u03C4\u03BF\u03BB\u03AE",cancel:"\u0386\u03BA\u03C5\u03C1\u03BF",thanks:"\u0395\u03C5\u03C7\u03B1\u03C1\u03B9\u03C3\u03C4\u03BF\u03CD\u03BC\u03B5, \u03C4\u03BF \u03C3\u03B7\u03BC\u03B5\u03B9\u03CE\u03C3\u03B1\u03BC\u03B5.",loading:"\u0393\u03AF\u03BD\u03B5\u03C4\u03B1\u03B9 \u03BA\u03B1\u03C4\u03AC\u03C4\u03B1\u03BE\u03B7 \u2026",empty:"\u039A\u03B1\u03BD\u03B5\u03AF\u03C2 \u03B4\u03B5\u03BD \u03C4\u03B1\u03B9\u03C1\u03B9\u03AC\u03B6\u03B5\u03B9 \u03C3\u03B5 \u03B1\u03C5\u03C4\u03AC. \u0394\u03BF\u03BA\u03B9\u03BC\u03AC\u03C3\u03C4\u03B5 \u03BC\u03B5\u03B3\u03B1\u03BB\u03CD\u03C4\u03B5\u03C1\u03B7 \u03B1\u03C0\u03CC\u03C3\u03C4\u03B1\u03C3\u03B7 \u03AE \u03BB\u03B9\u03B3\u03CC\u03C4\u03B5\u03C1\u03B1 \u03CC\u03C1\u03B9\u03B1.",found:t=>t===1?"1 \u03B1\u03C0\u03BF\u03C4\u03AD\u03BB\u03B5\u03C3\u03BC\u03B1":`${t} \u03B1\u03C0\u03BF\u03C4\u03B5\u03BB\u03AD\u03C3\u03BC\u03B1\u03C4\u03B1`},yt={en:Ie,el:Le};function K(t,e){let s=t.toLowerCase().split("-")[0]==="el"?Le:Ie;return e?{...s,...e}:s}function xt(t){let e=t.ranking?.items??t.items??t.initialResults?.items,s=t.locale||"en",[n,i]=[K(s,t.texts),B(s,t.currency)];return e?.map(a=>{let r=t.titleOf?.(a)||W(a,n),o=g(a.score)?`: ${n.outOf(i.whole(a.score))}`:"";return{id:$(a),text:`${r}${o}`}})}var je=J`
  :host {
    --_accent: var(--tidyrank-accent, light-dark(#0b57c9, #8ab8ff));
    --_on-accent: var(--tidyrank-on-accent, light-dark(#fff, #0a1a33));
    --_text: var(--tidyrank-text, light-dark(#1b2330, #e8ecf3));
    --_muted: var(--tidyrank-muted, light-dark(#566173, #a9b4c4));
    --_surface: var(--tidyrank-surface, light-dark(#fff, #1a1f29));
    --_sunken: var(--tidyrank-sunken, light-dark(#f4f6fa, #222936));
    --_border: var(--tidyrank-border, light-dark(#dde3ec, #333c4b));
    --_grade-0: var(--tidyrank-very-good, light-dark(#0a7a4b, #5fd6a2));
    --_grade-1: var(--tidyrank-good, light-dark(#2b7512, #a3d977));
    --_grade-2: var(--tidyrank-fair, light-dark(#8f5a00, #f2bd63));
    --_grade-3: var(--tidyrank-weak, light-dark(#a63c3c, #f3a1a1));
    --_radius: var(--tidyrank-radius, 14px);
    --_gap: var(--tidyrank-gap, 12px);
    --_shadow: var(--tidyrank-shadow, 0 1px 2px light-dark(rgb(20 30 50 / 6%), rgb(0 0 0 / 30%)));
    display: block;
    container-type: inline-size;
    color-scheme: light dark;
    color: var(--_text);
    font: var(--tidyrank-font, 400 1rem / 1.5 system-ui, "Segoe UI", Roboto, "Helvetica Neue", sans-serif);
    text-align: start;
  }
  :host([theme="light"]) {
    color-scheme: light;
  }
  :host([theme="dark"]) {
    color-scheme: dark;
  }
  :host([hidden]) {
    display: none;
  }
  * {
    box-sizing: border-box;
  }
  p,
  ul,
  ol {
    margin: 0;
    padding: 0;
    list-style: none;
  }
  .hidden {
    position: absolute;
    inline-size: 1px;
    block-size: 1px;
    overflow: hidden;
    clip-path: inset(50%);
    white-space: nowrap;
  }
  .list {
    display: grid;
    gap: var(--_gap);
  }
  .list[aria-busy="true"] {
    opacity: 0.6;
  }
  .card {
    display: grid;
    gap: 12px;
    min-inline-size: 0;
    padding: 16px 18px;
    border: 1px solid var(--_border);
    border-radius: var(--_radius);
    background: var(--_surface);
    box-shadow: var(--_shadow);
    overflow-wrap: anywhere;
  }
  .head {
    display: grid;
    grid-template-columns: auto 1fr auto;
    gap: 14px;
    align-items: start;
  }
  .rank {
    display: grid;
    place-items: center;
    inline-size: 32px;
    block-size: 32px;
    margin-block-start: 2px;
    border-radius: 50%;
    background: var(--_sunken);
    color: var(--_muted);
    font-weight: 650;
    font-variant-numeric: tabular-nums;
  }
  .card:first-child .rank {
    background: var(--_accent);
    color: var(--_on-accent);
  }
  .what {
    min-inline-size: 0;
  }
  .title-row {
    display: flex;
    flex-wrap: wrap;
    gap: 4px 10px;
    align-items: center;
  }
  .title {
    min-inline-size: 0;
    font-size: 1.125rem;
    font-weight: 650;
    line-height: 1.35;
  }
  .title button {
    min-block-size: 24px;
    padding: 0;
    border: 0;
    background: none;
    color: inherit;
    font: inherit;
    text-align: start;
    cursor: pointer;
    overflow-wrap: anywhere;
  }
  .title button:hover {
    color: var(--_accent);
    text-decoration: underline;
    text-underline-offset: 3px;
  }
  .badge {
    padding: 1px 9px;
    border: 1px solid var(--_accent);
    border-radius: 99px;
    color: var(--_accent);
    font-size: 0.75rem;
    font-weight: 600;
  }
  .facts {
    display: flex;
    flex-wrap: wrap;
    gap: 2px 16px;
    margin-block-start: 2px;
    color: var(--_muted);
    font-size: 0.9375rem;
  }
  .facts li,
  .reasons li {
    display: inline-flex;
    gap: 6px;
    align-items: center;
  }
  .icon {
    flex: none;
    fill: none;
    stroke: currentColor;
    stroke-width: 1.6;
    stroke-linecap: round;
    stroke-linejoin: round;
  }
  .score {
    display: grid;
    justify-items: center;
    gap: 1px;
    inline-size: 92px;
    color: var(--_grade);
  }
  .grade-0 {
    --_grade: var(--_grade-0);
  }
  .grade-1 {
    --_grade: var(--_grade-1);
  }
  .grade-2 {
    --_grade: var(--_grade-2);
  }
  .grade-3 {
    --_grade: var(--_grade-3);
  }
  .ring {
    display: grid;
    place-items: center;
  }
  .ring > * {
    grid-area: 1 / 1;
  }
  .ring svg {
    fill: none;
    stroke-width: 4;
    rotate: -90deg;
  }
  .track {
    stroke: var(--_border);
  }
  .arc {
    stroke: currentColor;
    stroke-linecap: round;
  }
  .number {
    color: var(--_text);
    font-size: 1.0625rem;
    font-weight: 700;
    font-variant-numeric: tabular-nums;
  }
  .words {
    font-size: 0.75rem;
    font-weight: 600;
    line-height: 1.3;
    text-align: center;
  }
  .reasons {
    display: flex;
    flex-wrap: wrap;
    gap: 6px;
  }
  .reasons li {
    align-items: start;
    padding: 4px 12px 4px 8px;
    padding-inline: 8px 12px;
    border-radius: 12px;
    background: var(--_sunken);
    font-size: 0.875rem;
  }
  .reasons .icon {
    margin-block-start: 2px;
    color: var(--_grade-0);
    stroke-width: 2;
  }
  .actions {
    display: flex;
    flex-wrap: wrap;
    gap: 8px;
    align-items: center;
  }
  button.main,
  button.quiet,
  button.chip {
    display: inline-flex;
    gap: 6px;
    align-items: center;
    justify-content: center;
    min-block-size: 36px;
    padding: 5px 14px;
    border: 1px solid transparent;
    border-radius: 10px;
    font: inherit;
    font-size: 0.9375rem;
    font-weight: 600;
    overflow-wrap: normal;
    cursor: pointer;
  }
  button.main {
    padding-inline: 20px;
    background: var(--_accent);
    color: var(--_on-accent);
  }
  button.main:hover {
    background: color-mix(in oklab, var(--_accent) 88%, var(--_text));
  }
  button.quiet {
    padding-inline: 10px;
    background: none;
    color: var(--_muted);
    font-weight: 500;
  }
  button.quiet:hover {
    background: var(--_sunken);
    color: var(--_text);
  }
  button.why {
    color: var(--_accent);
    font-weight: 600;
  }
  button.why:hover {
    color: var(--_accent);
  }
  button.why .icon {
    transition: rotate 0.15s;
  }
  button.why[aria-expanded="true"] .icon {
    rotate: 180deg;
  }
  button.chip {
    border-color: var(--_border);
    border-radius: 99px;
    background: var(--_surface);
    color: var(--_text);
    font-weight: 500;
  }
  button.chip:hover {
    border-color: var(--_accent);
    color: var(--_accent);
  }
  button:focus-visible,
  textarea:focus-visible,
  .thanks:focus-visible {
    outline: 3px solid var(--_accent);
    outline-offset: 2px;
    border-radius: 8px;
  }
  button.chip:focus-visible {
    border-radius: 99px;
  }
  .feedback {
    display: flex;
    flex-wrap: wrap;
    gap: 2px;
    margin-inline-start: auto;
  }
  .feedback.asking,
  .feedback.comment {
    flex-basis: 100%;
    gap: 8px;
    align-items: center;
    margin: 0;
    padding-block-start: 12px;
    border-block-start: 1px solid var(--_border);
  }
  .feedback.comment {
    display: grid;
    align-items: start;
  }
  .question,
  label {
    color: var(--_muted);
    font-size: 0.9375rem;
  }
  textarea {
    inline-size: 100%;
    padding: 8px 12px;
    border: 1px solid var(--_muted);
    border-radius: 10px;
    background: var(--_surface);
    color: var(--_text);
    font: inherit;
    resize: vertical;
  }
  .buttons {
    display: flex;
    gap: 8px;
  }
  .thanks {
    margin-inline-start: auto;
    padding: 4px 8px;
    color: var(--_grade-0);
    font-size: 0.9375rem;
    font-weight: 600;
  }
  .details {
    display: grid;
    grid-template-columns: minmax(0, 1fr) minmax(0, 1fr);
    gap: 20px 32px;
    padding-block-start: 14px;
    border-block-start: 1px solid var(--_border);
    font-size: 0.9375rem;
  }
  .details[hidden] {
    display: none;
  }
  .caption {
    margin-block-end: 8px;
    color: var(--_text);
    font-size: 0.875rem;
    font-weight: 650;
    text-align: start;
  }
  .bars,
  .groups {
    display: grid;
    grid-template-columns: max-content minmax(40px, 1fr) max-content;
    gap: 7px 12px;
    align-items: center;
  }
  .groups {
    margin-block-start: 8px;
  }
  .bar-row {
    display: grid;
    grid-column: 1 / -1;
    grid-template-columns: subgrid;
    align-items: center;
  }
  .bar-label {
    color: var(--_muted);
  }
  .bar-value {
    font-variant-numeric: tabular-nums;
    text-align: end;
  }
  .bar {
    display: block;
    block-size: 8px;
    border-radius: 99px;
    background: var(--_sunken);
    box-shadow: inset 0 0 0 1px var(--_border);
    overflow: hidden;
  }
  .bar.none {
    background: repeating-linear-gradient(-45deg, var(--_border) 0 3px, transparent 3px 7px);
  }
  .bar > span {
    display: block;
    block-size: 100%;
    border-radius: inherit;
    background: var(--_accent);
  }
  .both {
    display: flex;
    block-size: 8px;
    background: linear-gradient(var(--_border) 0 0) center / 1px 100% no-repeat;
  }
  .both > span {
    block-size: 100%;
  }
  .plus {
    margin-inline-start: 50%;
    border-radius: 2px;
    background: var(--_grade-0);
  }
  .minus {
    margin-inline: auto 50%;
    border-radius: 2px;
    background: var(--_grade-3);
  }
  table {
    inline-size: 100%;
    border-collapse: collapse;
    font-variant-numeric: tabular-nums;
  }
  th,
  td {
    padding: 3px 0 3px 10px;
    padding-inline: 10px 0;
    font-weight: 400;
    text-align: end;
  }
  th:first-child {
    padding-inline-start: 0;
    color: var(--_muted);
    text-align: start;
  }
  thead th {
    color: var(--_muted);
    font-size: 0.8125rem;
  }
  tfoot th,
  tfoot td {
    border-block-start: 1px solid var(--_border);
    color: var(--_text) !important;
    font-weight: 650;
  }
  .changes li {
    padding-inline-start: 14px;
    border-inline-start: 3px solid var(--_accent);
    margin-block-end: 6px;
  }
  .waiting {
    grid-column: 1 / -1;
    color: var(--_muted);
  }
  .notice {
    margin-block-end: var(--_gap);
    padding: 10px 14px;
    border-radius: var(--_radius);
    background: var(--_sunken);
    color: var(--_muted);
    font-size: 0.9375rem;
  }
  .empty {
    padding: 36px 20px;
    border: 1px dashed var(--_muted);
    border-radius: var(--_radius);
    color: var(--_muted);
    text-align: center;
    unicode-bidi: plaintext;
  }
  .skeleton {
    grid-template-columns: auto 1fr auto;
    gap: 14px;
    min-block-size: 132px;
  }
  .bones {
    display: grid;
    gap: 10px;
    align-content: start;
  }
  .bone {
    block-size: 14px;
    border-radius: 7px;
    background: var(--_sunken);
    animation: breathe 1.4s ease-in-out infinite alternate;
  }
  .bone.short {
    inline-size: 55%;
  }
  .bone.round {
    inline-size: 32px;
    block-size: 32px;
    border-radius: 50%;
  }
  .bone.round:last-child {
    inline-size: 48px;
    block-size: 48px;
  }
  @keyframes breathe {
    to {
      background: var(--_border);
    }
  }
  @container (max-inline-size: 520px) {
    .card {
      padding: 14px;
    }
    .head {
      gap: 10px;
    }
    .score {
      inline-size: 76px;
    }
    .details {
      grid-template-columns: minmax(0, 1fr);
    }
    .actions > .main {
      flex: 1 0 auto;
    }
    .feedback {
      flex-basis: 100%;
      justify-content: space-between;
    }
    .feedback.asking,
    .feedback.comment {
      justify-content: normal;
    }
    button.main,
    button.quiet,
    button.chip {
      min-block-size: 44px;
    }
  }
  @media (prefers-reduced-motion: reduce) {
    .bone {
      animation: none;
    }
    button.why .icon {
      transition: none;
    }
  }
  @media (forced-colors: active) {
    .bar > span,
    .plus,
    .minus {
      background: CanvasText;
      forced-color-adjust: none;
    }
  }
`;var Ve="tidyrank-results",_t=3,Q=class extends w{static styles=je;static properties={ranking:{attribute:!1},items:{attribute:!1},initialResults:{attribute:!1},loading:{type:Boolean,reflect:!0},locale:{},currency:{},texts:{attribute:!1},theme:{reflect:!0},headingLevel:{type:Number,attribute:"heading-level"},titleOf:{attribute:!1},explain:{attribute:!1},expanded:{attribute:!1},recommendationIds:{attribute:!1},hideContact:{type:Boolean,attribute:"hide-contact"},hideFeedback:{type:Boolean,attribute:"hide-feedback"},hideDetails:{type:Boolean,attribute:"hide-details"}};#n=new Map;#e=new Map;#i;constructor(){super(),this.loading=this.hideContact=this.hideFeedback=this.hideDetails=!1,this.locale=this.currency=this.theme=null,this.headingLevel=3,this.expanded=[]}willUpdate(e){let s=e.has("ranking")||e.has("items")||e.has("initialResults");s&&(this.#n=new Map),(s||e.has("explain"))&&(this.#e=new Map);let n=this.#r();for(let i of this.#a()?.items??[])n.has($(i))&&this.#p(i)}updated(){let e=this.#i;if(this.#i=void 0,e===void 0)return;let s=this.#a()?.items.findIndex(n=>$(n)===e)??-1;this.renderRoot.querySelector(`[data-id="r${s}"] [data-focus]`)?.focus()}render(){let e=this.locale||this.ownerDocument.documentElement.lang||"en",[s,n]=[K(e,this.texts),B(e,this.currency)],i=this.#a();if(!i&&!this.loading)return d`<slot></slot>`;let a=i?.items??[],r=this.loading&&a.length===0,o=this.loading?s.loading:a.length>0?s.found(a.length):"";return d`<slot name="before"></slot>
      <p class="hidden" role="status">${o}</p>
      ${i?.meta?.fallback?d`<p class="notice" part="notice">${i.meta.fallback.text}</p>`:c}
      ${r?vt():a.length===0?kt(s):this.#l(a,s,n)}
      <slot name="after"></slot>`}#l(e,s,n){let i=this.#r(),a={contact:this.hideContact,feedback:this.hideFeedback,details:this.hideDetails};return d`<ol class="list" part="list" role="list" lang=${this.locale||c} aria-label=${s.list} aria-busy=${String(this.loading)}>
      ${e.map((r,o)=>{let l=$(r),p=this.titleOf?.(r)||W(r,s);return De({item:r,id:`r${o}`,title:String(p),texts:s,formats:n,hide:a,headingLevel:Math.min(Math.max(Math.round(this.headingLevel)||3,1),6),expanded:i.has(l),explanation:this.#e.get(l),step:this.#n.get(l),select:()=>this.#s("tidyrank-select",this.#t(r,o)),contact:()=>this.#s("tidyrank-contact",this.#t(r,o)),toggle:()=>this.#c(r,o),goTo:h=>this.#o(l,h),say:(h,u)=>this.#d(r,o,h,u)})})}
    </ol>`}#a(){let e=this.ranking??(this.items?{items:this.items}:this.initialResults);return Array.isArray(e?.items)?e:void 0}#r(){return new Set(this.hideDetails?[]:this.expanded)}#t(e,s){return{id:$(e),rank:e.rank,item:e,recommendationId:this.recommendationIds?.[s]??null}}#s(e,s){this.dispatchEvent(new CustomEvent(e,{detail:s,bubbles:!0,composed:!0}))}#c(e,s){let n=$(e),i=this.expanded.filter(r=>r!==n),a=i.length===this.expanded.length;this.expanded=a?[...i,n]:i,this.#s("tidyrank-toggle",{...this.#t(e,s),expanded:a})}#o(e,s){this.#n.set(e,s),this.#i=e,this.requestUpdate()}#d(e,s,n,i){this.#o($(e),"done"),this.#s("tidyrank-feedback",{...this.#t(e,s),kind:n,comment:i})}async#p(e){let[s,n,i]=[$(e),this.explain,this.#e];if(!n||i.has(s))return;i.set(s,"pending");let a="failed";try{a=await n(e)??"failed"}catch{}i.set(s,a),i===this.#e&&this.requestUpdate()}};function vt(){return d`<div class="list" part="skeleton" aria-hidden="true">
    ${Array.from({length:_t},()=>d`<div class="card skeleton" part="card">
        <span class="bone round"></span>
        <span class="bones"><span class="bone"></span><span class="bone short"></span><span class="bone"></span></span>
        <span class="bone round"></span>
      </div>`)}
  </div>`}function kt(t){return d`<div class="empty" part="empty" role="status"><slot name="empty">${t.empty}</slot></div>`}var{customElements:pe}=globalThis;pe?pe.get(Ve)||pe.define(Ve,Q):Q.observedAttributes;export{yt as TEXTS,Q as TidyrankResults,xt as linesOf};
